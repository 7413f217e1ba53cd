// What the pages about registers share: types of fields, who may write, what a write would be answered with.
import { ApiError, post } from '@/api/client'
import { listRegisters } from '@/api/master'
import type { Field, FieldType, Me, Record_, Refusal, Register, Text } from '@/api/shapes'

// A register may name its fields without their types; then the values that stand tell: a key that is a register's points
// into it, and the rest is read off what is written.
function guess(field: Field, registers: Set<string>, rows: Record_[]): FieldType {
  if (['person', 'board', 'unit'].includes(field.key)) return { kind: field.key }
  if (registers.has(field.key)) return { kind: 'ref', register: field.key }
  const values = rows.map((r) => r.fields[field.key]).filter((v) => v !== undefined && v !== null)
  const every = (test: (v: unknown) => boolean) => values.length > 0 && values.every(test)
  if (every((v) => typeof v === 'boolean')) return { kind: 'bool' }
  if (every((v) => typeof v === 'number')) return { kind: 'number' }
  if (every((v) => typeof v === 'string' && /^\d{4}-\d\d-\d\dT/.test(v))) return { kind: 'timestamp' }
  if (every((v) => typeof v === 'string' && /^\d{4}-\d\d-\d\d$/.test(v))) return { kind: 'date' }
  if (every((v) => Array.isArray(v) && v.every((x) => typeof x === 'string'))) return { kind: 'list', element: { kind: 'string' } }
  return { kind: values.length && every((v) => typeof v === 'object') ? 'any' : 'string' }
}

const complete = (field: Field, type: FieldType): Field => ({
  ...field, type, help: field.help ?? null, clause: field.clause ?? '', requirement: field.requirement ?? null,
  required_in: field.required_in ?? [], indexed: field.indexed ?? false, decided_by: field.decided_by ?? null,
})

export async function fieldsOf(register: Register, rows: Record_[]): Promise<Field[]> {
  const keys = new Set((await listRegisters()).map((r) => r.key))
  return register.fields.map((f) => complete(f, f.type ?? guess(f, keys, rows)))
}

export async function registerOf(key: string): Promise<Register> {
  const register = (await listRegisters()).find((r) => r.key === key)
  if (!register) throw new ApiError(404, null, key)
  return register
}


// The answer to a write that is not made. `forbidden`: who asks may not write this register at all.
export interface Rehearsal { good: boolean; refusals: Refusal[]; forbidden: Refusal | null }

export async function rehearse(register: string, id: string, fields: Record<string, unknown>, state?: string): Promise<Rehearsal> {
  try {
    await post('/api/v1/import', { name: 'form', dry_run: true, rows: [{ register, id, fields, ...(state ? { state } : {}) }] })
    return { good: true, refusals: [], forbidden: null }
  } catch (error) {
    if (!(error instanceof ApiError) || !error.problem) throw error
    const said = error.problem.refusals ?? []
    if (error.status === 403) return { good: false, refusals: [], forbidden: said[0] ?? ({ clause: '', code: 'forbidden', zh: error.message, en: error.message, field: '', requirement: null } satisfies Refusal) }
    if (!said.length) throw error
    return { good: false, forbidden: null, refusals: said.map((r) => ({ ...r, field: r.field.replace(/^rows\[\d+\]\.?/, '') })) }
  }
}

const asked = new Map<string, Promise<Refusal | null>>()
// null: may write; otherwise in whose hands it is.
export function mayWrite(register: Register, me: Me | null): Promise<Refusal | null> {
  const held = new Set(me?.posts.map((p) => p.post))
  if (me?.permissions.includes('records.maintain') || register.maintain?.some((post) => held.has(post))) return Promise.resolve(null)
  const key = `${me?.id}/${register.key}`
  let answer = asked.get(key)
  if (!answer) {
    answer = rehearse(register.key, '-', {}).then((r) => r.forbidden).catch(() => null)
    asked.set(key, answer)
  }
  return answer
}

export function titleOf(record: Record_): string {
  const f = record.fields
  for (const key of ['name', 'title', 'code']) {
    const v = f[key]
    if (typeof v === 'string' && v) return v
    if (v && typeof v === 'object' && 'zh' in v) return (v as Text).zh
  }
  return record.id
}

export const same = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null)
