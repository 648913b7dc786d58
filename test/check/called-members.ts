import ts from 'typescript';

/**
 * The declarations of members that some `value.member` in these files refers to. A member may be used in other ways too,
 * so that one is not among them says nothing; but asking for this is much quicker than for all references to each.
 */
export function calledMembers(program: ts.Program, files: readonly ts.SourceFile[]): ReadonlySet<ts.Node> {
  const checker = program.getTypeChecker();
  const called = new Set<ts.Node>();
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node)) {
      for (const declaration of checker.getSymbolAtLocation(node.name)?.declarations ?? []) called.add(declaration);
    }
    ts.forEachChild(node, visit);
  };
  files.forEach(visit);
  return called;
}
