// From the tables of a file to the rows of an import, with every mistake at its row and column: what the conversion
// finds, and what the server answers to the dry run.
import type { Field, Record_, Refusal, Register, Text } from '@/api/shapes'
import { type Column, idColumn, stateColumn } from './columns'
import type { Names } from './names'
import { blank, type Cell, type Reader, type Said, text } from './values'

export interface Table { name: string; heads: string[]; rows: { at: number; cells: Cell[] }[] } // at: the row as the sheet counts it
export interface Sheet { table: Table; register: Register; columns: Column[]; filled: (string | null)[]; stateWord: (state: string) => Text }
export interface Row { sheet: number; at: number; register: string; id: string; fields: Record<string, unknown>; state?: string }
export interface Mistake {
  sheet: number; at: number; column: string; key: string; value: string
  why: Said | Text; how: Said | null; clause: string; requirement: string | null
}
export interface Reading { rows: Row[]; mistakes: Mistake[] }

// An account that a file does not call switched off is meant to be used.
const presets: Record<string, Record<string, unknown>> = { person: { enabled: true } }

const sane = (id: string) => id.trim().replace(/[/\\]/g, '-')
// What a record is found by again when the file names no id, so that the same file twice changes nothing.
export function idOf(register: Register, fields: Record<string, unknown>, stored: Record_[]): string | null {
  const join = (keys: string[], by = '-') => { const parts = keys.map((k) => fields[k]).filter((v) => v !== undefined && v !== null); return parts.map(String).join(by) }
  const has = (...keys: string[]) => keys.every((k) => fields[k] !== undefined)
  switch (register.key) {
    case 'grant': return has('person', 'post') ? sane(join(['person', 'post', 'board', 'unit', 'line'])) : null
    case 'service_hours': return has('system', 'province') ? join(['system', 'province'], '@') : null
    case 'rota': return has('board', 'line', 'person', 'start') ? sane(`${join(['board', 'line', 'person'])}-${String(fields.start).slice(0, 16).replace(/[-:]/g, '')}`) : null
    case 'alert_mapping': return has('match') ? sane(String(fields.match)) : has('label', 'value') ? sane(join(['label', 'value'])) : null
  }
  const key = register.unique?.find((u) => u.length === 1)?.[0] ?? (register.fields.some((f) => f.key === 'name') ? 'name' : null)
  if (!key || typeof fields[key] !== 'string') return null
  const same = stored.filter((r) => r.fields[key] === fields[key])
  return same.length === 1 ? same[0]!.id : sane(String(fields[key]))
}
// These are built from what other records are called; all others must be known before anything points to them.
const composed = new Set(['grant', 'service_hours', 'rota', 'alert_mapping'])
// The column that two records of one id share first.
const source = (register: Register) => register.unique?.find((u) => u.length === 1)?.[0] ?? ['name', 'person', 'system', 'board', 'match'].find((k) => register.fields.some((f) => f.key === k)) ?? ''

export function read(sheets: Sheet[], names: Names, reader: Reader, stored: Map<string, Record_[]>): Reading {
  // Rows of the file may point to one another, whatever their order.
  for (const s of sheets) {
    if (composed.has(s.register.key)) continue
    for (const row of s.table.rows) {
      const raw: Record<string, unknown> = {}
      let given = ''
      s.filled.forEach((key, i) => {
        const cell = row.cells[i]
        if (!key || blank(cell)) return
        if (key === idColumn) given = text(cell!)
        else raw[key] = text(cell!)
      })
      const id = given || idOf(s.register, raw, stored.get(s.register.key) ?? [])
      if (id) names.add(s.register.key, id, ...['name', 'title', 'code', 'login'].map((k) => raw[k]).filter((n): n is string => typeof n === 'string'))
    }
  }
  const out: Reading = { rows: [], mistakes: [] }
  sheets.forEach((s, at) => readSheet(s, at, reader, stored.get(s.register.key) ?? [], out))
  return out
}

function readSheet(s: Sheet, sheet: number, reader: Reader, stored: Record_[], out: Reading) {
  const standing = new Set(stored.map((r) => r.id))
  const seen = new Map<string, number>()
  for (const row of s.table.rows) {
    if (row.cells.every(blank)) continue
    const fields: Record<string, unknown> = {}
    let id = '', state: string | undefined
    const wrong = (i: number, why: Said, how: Said) =>
      out.mistakes.push({ sheet, at: row.at, column: i < 0 ? '' : s.table.heads[i]!, key: i < 0 ? idColumn : s.filled[i]!, value: i < 0 ? '' : text(row.cells[i] ?? null), why, how, clause: '', requirement: null })
    let faults = 0
    s.filled.forEach((key, i) => {
      const cell = row.cells[i]
      if (!key || blank(cell)) return
      if (key === idColumn) { id = text(cell!); return }
      if (key === stateColumn) {
        const typed = text(cell!).toLowerCase()
        state = s.register.states?.find((one) => [one, s.stateWord(one).zh, s.stateWord(one).en].some((x) => x.toLowerCase() === typed))
        if (state) return
        faults++
        wrong(i, { key: 'setup.why_choice', values: { value: text(cell!) } }, { key: 'setup.how_choice', values: { words: (s.register.states ?? []).map((one) => `${s.stateWord(one).zh}（${one}）`).join('、') } })
        return
      }
      const read = reader.read(cell!, s.columns.find((c) => c.key === key)!.field!)
      if ('value' in read) fields[key] = read.value
      else { faults++; wrong(i, read.why, read.how) }
    })
    const made = id || idOf(s.register, fields, stored)
    // Where the id would have come from something missing or wrong, that is the mistake to show.
    if (!made && !faults && !fromFields(s.register)) wrong(s.filled.indexOf(idColumn), { key: 'setup.why_id', values: {} }, { key: 'setup.how_id', values: {} })
    if (made) {
      const before = seen.get(made)
      if (before !== undefined) wrong(s.filled.indexOf(id ? idColumn : source(s.register)), { key: 'setup.why_twice', values: { id: made, row: before } }, { key: 'setup.how_twice', values: {} })
      else seen.set(made, row.at)
    }
    const preset = made && standing.has(made) ? {} : presets[s.register.key]
    out.rows.push({ sheet, at: row.at, register: s.register.key, id: made || `?${row.at}`, fields: { ...preset, ...fields }, ...(state ? { state } : {}) })
  }
}
const fromFields = (register: Register) => composed.has(register.key) || !!register.unique?.length || register.fields.some((f) => f.key === 'name')

// What the server refuses, at its row and column. What only follows from a mistake that is told already is left out.
export function place(refusals: Refusal[], sheets: Sheet[], reading: Reading, points: (field: Field) => string | null): Mistake[] {
  const wrongRows = new Set(reading.mistakes.map((m) => `${m.sheet}/${m.at}`))
  const wrongCells = new Set(reading.mistakes.map((m) => `${m.sheet}/${m.at}/${m.key}`))
  const failed = new Set<string>() // register/id of rows that will not come about
  for (const row of reading.rows) if (wrongRows.has(`${row.sheet}/${row.at}`)) failed.add(`${row.register}/${row.id}`)
  const out: Mistake[] = []
  for (const r of refusals) {
    const where = r.field.match(/^rows\[(\d+)\](?:\.(\w+))?/)
    const row = where ? reading.rows[Number(where[1])] : undefined
    if (!row) { out.push({ sheet: 0, at: 0, column: '', key: '', value: '', why: r, how: null, clause: r.clause, requirement: r.requirement }); continue }
    const s = sheets[row.sheet]!
    const key = where![2] === 'id' ? idColumn : where![2] === 'state' ? stateColumn : where![2] ?? ''
    const mine = wrongRows.has(`${row.sheet}/${row.at}`)
    if (wrongCells.has(`${row.sheet}/${row.at}/${key}`) || (mine && key === idColumn && row.id.startsWith('?'))) continue
    // A rule over several fields says nothing while one of them could not be read; which posts go together does.
    if (mine && !/^(required|check)_/.test(r.code) && !['conflict', 'incompatible_posts', 'internal_only'].includes(r.code)) { failed.add(`${row.register}/${row.id}`); continue }
    const field = s.columns.find((c) => c.key === key)?.field
    const target = field && points(field)
    if (['not_found', 'internal_only'].includes(r.code) && target && failed.has(`${target}/${String(row.fields[key])}`)) continue
    failed.add(`${row.register}/${row.id}`)
    const i = s.filled.indexOf(key || '-')
    const column = s.columns.find((c) => c.key === key)
    out.push({
      sheet: row.sheet, at: row.at, key, column: i >= 0 ? s.table.heads[i]! : column ? column.zh : '', value: i >= 0 ? text(s.table.rows.find((x) => x.at === row.at)!.cells[i] ?? null) : row.fields[key] === undefined ? '' : String(row.fields[key]),
      why: { zh: r.zh, en: r.en }, how: mend(r, i < 0), clause: r.clause, requirement: r.requirement,
    })
  }
  return out
}

function mend(r: Refusal, noColumn: boolean): Said {
  const said = (key: string): Said => ({ key: 'setup.how_' + key, values: {} })
  if (/^required_/.test(r.code)) return said(noColumn ? 'add_column' : 'fill')
  if (r.code === 'incompatible_posts') return said('posts')
  if (r.code === 'internal_only') return said('internal')
  if (r.code === 'conflict') return said('conflict')
  if (r.code === 'invalid' || r.code === 'not_found') return said('value')
  return said('rule')
}

export const inOrder = (mistakes: Mistake[], sheets: Sheet[]) => [...mistakes].sort((a, b) => a.sheet - b.sheet || a.at - b.at
  || sheets[a.sheet]!.filled.indexOf(a.key) - sheets[b.sheet]!.filled.indexOf(b.key))
