import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import ts from 'typescript';
import { calledMembers } from './called-members.js';

/** Something that could go. `key` is stable when lines move: the file, and the name within it. */
export interface Finding {
  readonly key: string;
  readonly line: number;
  readonly why: string;
}

/** The sources as the compiler sees them; opening them takes longer than most questions. */
export interface Project {
  readonly service: ts.LanguageService;
  readonly program: ts.Program;
}

export function openProject(root: string): Project {
  const config = ts.getParsedCommandLineOfConfigFile(resolve(root, 'test/tsconfig.json'), {}, parseHost);
  if (config === undefined) throw new Error(`${root}/test/tsconfig.json cannot be read`);
  const service = ts.createLanguageService(serviceHost(root, config));
  const program = service.getProgram();
  if (program === undefined) throw new Error(`${root} has no program`);
  return { service, program };
}

/**
 * What the project exports without need. Tests do not count as a need: what only they use is a feature that nobody has.
 * They may however reach into a file for what the file itself uses.
 *
 * Looked at are the exported names of every file below `src` and `test`, the methods of exported classes and interfaces
 * below `src`, and files that no other file names.
 *
 * @param root the folder with `src`, `bin`, and `test/tsconfig.json` that takes in `src` too
 */
export function unusedExports(root: string, { service, program }: Project = openProject(root)): Finding[] {
  const started = startedByPrograms(root);
  const own = program.getSourceFiles().filter((file) => isBelow(root, file.fileName, ['src', 'test']));
  const named = namedFiles(root, own);
  const imported = importedNames(root, own);
  const shipped = own.filter((file) => isBelow(root, file.fileName, ['src']));
  const called = calledMembers(program, shipped);
  const findings: Finding[] = [];
  for (const file of own) {
    const path = relative(root, file.fileName);
    const starts = started.get(path);
    const find = (name: ts.Node, why: string | undefined): void => {
      if (why === undefined) return;
      const { line } = file.getLineAndCharacterOfPosition(name.getStart());
      findings.push({ key: `${path} ${qualifiedName(name)}`, line: line + 1, why });
    };
    for (const declaration of file.statements.flatMap(exportedDeclarations)) {
      if (starts?.has(declaration.name.text) === true) continue;
      // Most are imported by name, and the compiler need not be asked about those.
      if (!imported.has(`${path} ${declaration.name.text}`)) {
        find(declaration.name, judgeExport(usesOf(service, root, declaration.name), declaration));
      }
      if (path.startsWith('src/')) {
        for (const method of methodsOf(declaration)) {
          if (called.has(method.parent)) continue;
          const why = judgeMethod(usesOf(service, root, method));
          if (why !== undefined && !isUsedThroughAnother(service, root, program, declaration, method))
            find(method, why);
        }
      }
    }
    if (path.startsWith('src/') && starts === undefined && !named.has(path)) {
      findings.push({ key: path, line: 1, why: 'no other file of src imports or starts it' });
    }
  }
  return findings;
}

type Declaration = ts.Statement & { readonly name: ts.Identifier };

interface Uses {
  /** In its own file, beyond the declaration. */
  home: boolean;
  /** In other files that are not tests; for a test, in any other file. */
  abroad: boolean;
  tests: boolean;
}

function judgeExport(uses: Uses, declaration: ts.Node): string | undefined {
  if (uses.abroad) return undefined;
  const isType = ts.isInterfaceDeclaration(declaration) || ts.isTypeAliasDeclaration(declaration);
  // A type may be named by others because it is part of a signature, even where none does so today.
  if (uses.home) return isType || uses.tests ? undefined : 'only this file uses it: drop `export`';
  return uses.tests ? 'only tests use it' : 'nothing uses it';
}

function judgeMethod(uses: Uses): string | undefined {
  if (uses.abroad || uses.home) return undefined;
  return uses.tests ? 'only tests call it' : 'nothing calls it';
}

/**
 * Whether the method is called by way of a smaller type that its owner fits, such as `{ close(): void }`: the compiler
 * sees no reference from there.
 */
function isUsedThroughAnother(
  service: ts.LanguageService,
  root: string,
  program: ts.Program,
  owner: Declaration,
  method: ts.Node,
): boolean {
  const checker = program.getTypeChecker();
  const fits = (type: ts.Node): boolean =>
    checker.isTypeAssignableTo(checker.getTypeAtLocation(owner), checker.getTypeAtLocation(type));
  const visit = (node: ts.Node): boolean => {
    if ((ts.isInterfaceDeclaration(node) || ts.isTypeLiteralNode(node)) && node !== owner) {
      const same = node.members.flatMap(nameOf).find((name) => name.getText() === method.getText());
      if (same !== undefined && fits(node) && judgeMethod(usesOf(service, root, same)) === undefined) return true;
    }
    return ts.forEachChild(node, visit) ?? false;
  };
  return program.getSourceFiles().some((file) => isBelow(root, file.fileName, ['src']) && visit(file));
}

function usesOf(service: ts.LanguageService, root: string, name: ts.Node): Uses {
  const home = name.getSourceFile().fileName;
  const uses: Uses = { home: false, abroad: false, tests: false };
  const program = service.getProgram();
  for (const symbol of service.findReferences(home, name.getStart()) ?? []) {
    for (const { fileName, textSpan } of symbol.references) {
      if (fileName === home) {
        const file = program?.getSourceFile(fileName);
        if (file !== undefined && !isDeclared(file, textSpan.start)) uses.home = true;
      } else if (isBelow(root, fileName, ['src', 'bin']) || isBelow(root, home, ['test'])) {
        const file = program?.getSourceFile(fileName);
        if (file !== undefined && !isDeclared(file, textSpan.start)) uses.abroad = true;
      } else {
        uses.tests = true;
      }
    }
  }
  return uses;
}

/** Whether a name stands at `position` because something is declared or implemented under it, and not used. */
function isDeclared(file: ts.SourceFile, position: number): boolean {
  const token = tokenAt(file, position);
  const parent = token.parent;
  if (ts.isShorthandPropertyAssignment(parent)) return false;
  const named = parent as ts.Node & { readonly name?: ts.Node };
  return (
    named.name === token && (ts.isDeclarationStatement(parent) || isMember(parent) || ts.isVariableDeclaration(parent))
  );
}

function isMember(node: ts.Node): boolean {
  return ts.isClassElement(node) || ts.isTypeElement(node) || ts.isObjectLiteralElement(node);
}

function tokenAt(node: ts.Node, position: number): ts.Node {
  const inside = ts.forEachChild(node, (child) =>
    child.getStart() <= position && position < child.getEnd() ? child : undefined,
  );
  return inside === undefined ? node : tokenAt(inside, position);
}

function exportedDeclarations(statement: ts.Statement): Declaration[] {
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  if (modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword) !== true) return [];
  // What a tool asks for by position, like a configuration or a reporter, is its default export.
  if (modifiers.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword)) return [];
  const declarations = ts.isVariableStatement(statement) ? [...statement.declarationList.declarations] : [statement];
  return declarations.filter((each): each is Declaration & typeof each => {
    const { name } = each as { name?: ts.Node };
    return name !== undefined && ts.isIdentifier(name);
  });
}

function methodsOf(declaration: ts.Node): ts.Node[] {
  if (ts.isClassDeclaration(declaration)) {
    return declaration.members.filter((member) => ts.isMethodDeclaration(member) && !isPrivate(member)).flatMap(nameOf);
  }
  if (!ts.isInterfaceDeclaration(declaration)) return [];
  return declaration.members
    .filter((member) => ts.isMethodSignature(member) || (ts.isPropertySignature(member) && isFunction(member)))
    .flatMap(nameOf);
}

function nameOf(member: ts.ClassElement | ts.TypeElement): ts.Node[] {
  return member.name !== undefined && ts.isIdentifier(member.name) ? [member.name] : [];
}

function isFunction(member: ts.PropertySignature): boolean {
  return member.type !== undefined && ts.isFunctionTypeNode(member.type);
}

function isPrivate(member: ts.ClassElement): boolean {
  return (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) !== 0;
}

function qualifiedName(name: ts.Node): string {
  const owner = name.parent.parent as ts.Node & { readonly name?: ts.Node };
  const isMethod = ts.isClassDeclaration(owner) || ts.isInterfaceDeclaration(owner);
  return isMethod && owner.name !== undefined ? `${owner.name.getText()}.${name.getText()}` : name.getText();
}

/** The files of src that programs in `bin` import from `dist`, each with the words of the program. */
function startedByPrograms(root: string): Map<string, ReadonlySet<string>> {
  const started = new Map<string, ReadonlySet<string>>();
  for (const program of ts.sys.readDirectory(resolve(root, 'bin'), ['.js'])) {
    const text = readFileSync(program, 'utf8');
    for (const { fileName } of ts.preProcessFile(text).importedFiles) {
      if (!fileName.startsWith('.')) continue;
      const path = relative(root, resolve(dirname(program), fileName));
      started.set(path.replace(/^dist\//, 'src/').replace(/[.]js$/, '.ts'), new Set(text.match(/\w+/g)));
    }
  }
  return started;
}

/** The files of src that another file of src names in a relative path: an import, or the start of a thread. */
function namedFiles(root: string, files: readonly ts.SourceFile[]): Set<string> {
  const named = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) && node.text.startsWith('.')) {
      const target = resolve(dirname(node.getSourceFile().fileName), node.text);
      named.add(relative(root, target).replace(/[.]js$/, '.ts'));
    }
    ts.forEachChild(node, visit);
  };
  for (const file of files) if (isBelow(root, file.fileName, ['src'])) visit(file);
  return named;
}

/** `FILE NAME` for what files import by name from others; from src only what src imports. */
function importedNames(root: string, files: readonly ts.SourceFile[]): Set<string> {
  const imported = new Set<string>();
  for (const file of files) {
    for (const statement of file.statements) {
      if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
      const target = resolve(dirname(file.fileName), statement.moduleSpecifier.text).replace(/[.]js$/, '.ts');
      if (isBelow(root, target, ['src']) && !isBelow(root, file.fileName, ['src'])) continue;
      const bindings = statement.importClause?.namedBindings;
      if (bindings === undefined || !ts.isNamedImports(bindings)) continue;
      for (const { name, propertyName } of bindings.elements) {
        imported.add(`${relative(root, target)} ${(propertyName ?? name).text}`);
      }
    }
  }
  return imported;
}

function isBelow(root: string, file: string, folders: readonly string[]): boolean {
  return folders.some((folder) => file.startsWith(`${resolve(root, folder)}/`));
}

const parseHost: ts.ParseConfigFileHost = {
  ...ts.sys,
  onUnRecoverableConfigFileDiagnostic(diagnostic) {
    throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
  },
};

function serviceHost(root: string, config: ts.ParsedCommandLine): ts.LanguageServiceHost {
  return {
    getCompilationSettings: () => config.options,
    getScriptFileNames: () => config.fileNames,
    getScriptVersion: () => '1',
    getScriptSnapshot: (file) => {
      const text = ts.sys.readFile(file);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
    fileExists: (path) => ts.sys.fileExists(path),
    readFile: (path) => ts.sys.readFile(path),
    readDirectory: (...args) => ts.sys.readDirectory(...args),
    directoryExists: (path) => ts.sys.directoryExists(path),
    getDirectories: (path) => ts.sys.getDirectories(path),
  };
}
