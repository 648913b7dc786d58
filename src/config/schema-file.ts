import * as z from 'zod';
import { configShape } from './shape.js';

/** What of JSON Schema occurs in the configuration's and is read here. */
export interface JsonSchema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

/** The configuration's JSON Schema (draft 7, which editors know best). */
export function configSchema(): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(configShape, { io: 'input', target: 'draft-07' });
  return { $schema, title: 'Configuration of depotd', ...schema } as JsonSchema;
}

/** The text of `config/depot.schema.json`. */
export function configSchemaText(): string {
  return `${JSON.stringify(configSchema(), undefined, 2)}\n`;
}

/** The schema of a key, whichever form of the mapping has it. */
export function schemaOfKey(schema: JsonSchema, key: string): JsonSchema | undefined {
  const own = schema.properties?.[key];
  if (own !== undefined) return own;
  if (typeof schema.additionalProperties === 'object') return schema.additionalProperties;
  for (const form of schema.anyOf ?? []) {
    const inner = schemaOfKey(form, key);
    if (inner !== undefined) return inner;
  }
  return undefined;
}
