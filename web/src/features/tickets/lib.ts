// What the ticket pages share: the query line, drafts, what of a form travels.
import { post } from '@/api/client'
import type { Process, Refusal, Takes, Text, Field } from '@/api/shapes'

// The line of the query language, taken apart as the server does: at spaces outside quotes.
export function tokens(line: string): string[] {
  const out: string[] = []
  let token = '', quoted = false
  for (const c of line) {
    if (c === '"') quoted = !quoted
    if (c === ' ' && !quoted) { if (token) out.push(token); token = '' } else token += c
  }
  if (token) out.push(token)
  return out
}
const quote = (value: string) => (/[\s",:<>]/.test(value) ? `"${value}"` : value)
const plain = (value: string) => value.replace(/"/g, '')
// The values that the line asks of a key with ":".
export function valuesOf(line: string, key: string): string[] {
  const out: string[] = []
  for (const token of tokens(line)) if (token.startsWith(key + ':')) out.push(...token.slice(key.length + 1).split(',').map(plain).filter(Boolean))
  return out
}
export function withValues(line: string, key: string, values: string[]): string {
  const rest = tokens(line).filter((t) => !t.startsWith(key + ':'))
  const at = tokens(line).findIndex((t) => t.startsWith(key + ':'))
  if (values.length) rest.splice(at < 0 ? rest.length : Math.min(at, rest.length), 0, `${key}:${values.map(quote).join(',')}`)
  return rest.join(' ')
}
export function toggled(line: string, key: string, value: string): string {
  const now = valuesOf(line, key)
  if (now.includes(value)) {
    const left = now.filter((v) => v !== value)
    return withValues(line, key, !left.length && key === 'state' ? ['open'] : left)
  }
  // One state among the open ones says "open" by itself.
  return withValues(line, key, [...now.filter((v) => key !== 'state' || (v !== 'open' && v !== 'closed')), value])
}

export const same = (a: unknown, b: unknown): boolean => {
  if (a === b) return true
  if ((a === undefined || a === null) && (b === undefined || b === null)) return true
  if (typeof a !== typeof b || a === null || b === null || typeof a !== 'object') {
    // Instants are the same however they are written.
    if (typeof a === 'string' && typeof b === 'string' && /^\d{4}-\d\d-\d\dT/.test(a) && /^\d{4}-\d\d-\d\dT/.test(b)) return Math.floor(Date.parse(a) / 60e3) === Math.floor(Date.parse(b) / 60e3)
    return false
  }
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const x = a as Record<string, unknown>, y = b as Record<string, unknown>
  const keys = new Set([...Object.keys(x), ...Object.keys(y)])
  return [...keys].every((k) => same(x[k], y[k]))
}

// Only what was changed or is required travels: the rest stays as it stands. An emptied field travels as null.
export function patchOf(takes: Takes[], base: Record<string, unknown>, values: Record<string, unknown>): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const { field, required } of takes) {
    if (!same(base[field], values[field])) out[field] = values[field] === undefined ? null : values[field]
    else if (required && values[field] !== undefined) out[field] = values[field]
  }
  return out
}

export interface Rehearsal { open: boolean; refusals: Refusal[]; state?: string; state_title?: Text | null; severity?: string | null; fields?: Record<string, unknown> }
export const checkOpening = (key: string, fields: Record<string, unknown>, comment: string) =>
  post<Rehearsal, '/api/v1/processes/{key}/check'>('/api/v1/processes/{key}/check', { fields, ...(comment ? { comment } : {}) }, { key })
export const checkAction = (number: string, action: string, fields: Record<string, unknown>, comment: string) =>
  post<Rehearsal, '/api/v1/tickets/{number}/actions/{action}/check'>('/api/v1/tickets/{number}/actions/{action}/check', { fields, ...(comment ? { comment } : {}) }, { number, action })

// What was typed survives a closed page; it is kept on this machine, for this person, for a week.
export interface Draft { values: Record<string, unknown>; comment: string; at: string; version?: number }
const week = 7 * 86400e3
export function readDraft(key: string): Draft | null {
  try {
    const draft = JSON.parse(localStorage.getItem('draft/' + key) ?? 'null') as Draft | null
    if (draft && Date.now() - Date.parse(draft.at) < week) return draft
    if (draft) localStorage.removeItem('draft/' + key)
  } catch { /* unreadable or forbidden: there is none */ }
  return null
}
export function writeDraft(key: string, draft: Draft | null) {
  try {
    if (draft) localStorage.setItem('draft/' + key, JSON.stringify(draft))
    else localStorage.removeItem('draft/' + key)
  } catch { /* kept until the page closes */ }
}

// Sections of a ticket's content: each field stands with the first step that asks for it, so that the order is that of
// the work; what no step takes is the platform's own record.
export interface Section { key: string; title: Text | null; clause: string; fields: Field[] }
export function sections(process: Process): Section[] {
  const placed = new Set<string>()
  const out: Section[] = []
  const opening = process.actions.filter((a) => a.key === process.opening)
  for (const action of [...opening, ...process.actions.filter((a) => a.key !== process.opening)]) {
    const fields = action.fields.map((f) => process.fields.find((x) => x.key === f.field)).filter((f): f is Field => !!f && !placed.has(f.key))
    for (const f of fields) placed.add(f.key)
    if (fields.length) out.push({ key: action.key, title: { zh: action.zh, en: action.en }, clause: action.clause, fields })
  }
  const rest = process.fields.filter((f) => !placed.has(f.key))
  if (rest.length) out.push({ key: '', title: null, clause: '', fields: rest })
  return out
}
