/** Arguments with which Node runs TypeScript, whatever folder it is started in. */
export const runsTypeScript: readonly string[] = ['--import', import.meta.resolve('tsx')];
