// Writes src/api/openapi.ts from the document of a running server:  npm run types -- http://127.0.0.1:8080
// With --check nothing is written; the exit status says whether the file is the served document's.
import { readFileSync, writeFileSync } from 'node:fs'

const check = process.argv.includes('--check')
const base = process.argv.slice(2).find((a) => a.startsWith('http')) ?? 'http://127.0.0.1:8080'
const file = new URL('../src/api/openapi.ts', import.meta.url)
const document = await (await fetch(base + '/openapi.json')).json()

function type(schema) {
  if (!schema || Object.keys(schema).length === 0) return 'unknown'
  if (schema.$ref) return `Schemas['${schema.$ref.split('/').pop()}']`
  if (schema.oneOf || schema.anyOf) return (schema.oneOf ?? schema.anyOf).map(type).join(' | ')
  if (schema.enum) return schema.enum.map((v) => JSON.stringify(v)).join(' | ')
  if (Array.isArray(schema.type)) return schema.type.map((t) => type({ ...schema, type: t })).join(' | ')
  switch (schema.type) {
    case 'string': return 'string'
    case 'integer': case 'number': return 'number'
    case 'boolean': return 'boolean'
    case 'null': return 'null'
    case 'array': return `Array<${type(schema.items)}>`
    case 'object': {
      if (!schema.properties) return 'Record<string, unknown>'
      const required = new Set(schema.required ?? [])
      const members = Object.entries(schema.properties).map(
        ([key, value]) => `${JSON.stringify(key)}${required.has(key) ? '' : '?'}: ${type(value)}`)
      return `{ ${members.join('; ')} }`
    }
    default: return 'unknown'
  }
}

const methods = ['get', 'post', 'put', 'delete']
const by = Object.fromEntries(methods.map((m) => [m, []]))
const bodies = []
for (const [path, operations] of Object.entries(document.paths).sort())
  for (const method of methods) {
    const operation = operations[method]
    if (!operation) continue
    by[method].push(path)
    const schema = operation.requestBody?.content?.['application/json']?.schema
    if (schema) bodies.push(`  '${method} ${path}': ${type(schema)}`)
  }
const lines = [
  '// Made by tools/types.mjs from /openapi.json: the addresses that exist and what may be sent to them.',
  '/* eslint-disable */',
  'export interface Schemas {',
  ...Object.entries(document.components.schemas).map(([name, schema]) => `  ${name}: ${type(schema)}`),
  '}',
  ...methods.map((m) => `export type ${m[0].toUpperCase() + m.slice(1)}Path =\n${by[m].map((p) => `  | '${p}'`).join('\n')}`),
  'export interface Bodies {', ...bodies, '}', '',
]
const text = lines.join('\n')
if (check) {
  if (readFileSync(file, 'utf8') !== text) {
    console.error('src/api/openapi.ts is not what the server describes; run: npm run types -- ' + base)
    process.exit(1)
  }
} else writeFileSync(file, text)
