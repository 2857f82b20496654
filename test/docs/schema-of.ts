import { transform } from 'esbuild'
import type { RootSchema } from 'pg-capture'

/** The `schema` that a block of TypeScript declares. It may import types, and nothing else of pg-capture. */
export async function schemaOf(code: string): Promise<RootSchema> {
  const script = await transform(`${code}\nexport { schema }`, { loader: 'ts', format: 'esm' })
  const module = (await import(`data:text/javascript,${encodeURIComponent(script.code)}`)) as {
    schema: RootSchema
  }
  return module.schema
}
