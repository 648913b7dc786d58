import { describe, expect, test } from 'vitest';
import { parseSettings } from '../../src/config/settings.js';
import { checkTransport } from '../../src/daemon/transport.js';

const settings = (listen: string, ...parents: string[]) =>
  parseSettings(
    `depot: a\nsite: a\nlisten: ${listen}\nparent: [${parents.join(', ')}]\n`.replace('parent: []\n', ''),
    'f',
  );

const plain = 'http://127.0.0.1:8443';
const secure = 'https://127.0.0.1:8443';

describe('a depot', () => {
  test('without a certificate speaks plain HTTP, and with one HTTPS', () => {
    expect(() => checkTransport(settings(plain, 'http://127.0.0.1:1'), false)).not.toThrow();
    expect(() => checkTransport(settings(secure, 'https://germany:1'), true)).not.toThrow();
  });

  test.each([
    [secure, [], `listen: ${secure}`],
    [plain, ['http://127.0.0.1:1', 'https://germany:1'], 'parent: https://germany:1'],
  ])('that has not joined refuses to speak HTTPS: %s %s', (listen, parents, what) => {
    expect(() => checkTransport(settings(listen, ...parents), false)).toThrow(
      expect.objectContaining({
        code: 'config-invalid',
        message: expect.stringContaining(what),
        hint: expect.stringContaining('depot join'),
      }),
    );
  });

  test.each([
    [plain, [], `listen: ${plain}`],
    [secure, ['https://germany:1', 'http://127.0.0.1:1'], 'parent: http://127.0.0.1:1'],
  ])('that has joined refuses plain HTTP: %s %s', (listen, parents, what) => {
    expect(() => checkTransport(settings(listen, ...parents), true)).toThrow(
      expect.objectContaining({ code: 'config-invalid', message: expect.stringContaining(what) }),
    );
  });
});
