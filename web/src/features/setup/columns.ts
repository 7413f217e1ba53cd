// Which column of a file fills which field: by key, by the Chinese or English title, or as people assign it.
import type { Field, Register, Text } from '@/api/shapes'
import { bracketed } from './names'

// `id` and `state` are no fields of a record but stand beside them.
export const idColumn = '@id', stateColumn = '@state'
export interface Column extends Text { key: string; field: Field | null; must: boolean }

// A table within a cell, or two times in one, have no good form in a sheet; the form takes them.
const fits = (field: Field) => !['table', 'interval', 'any'].includes((field.type.kind === 'list' ? field.type.element! : field.type).kind)

export function columnsOf(register: Register, fields: Field[]): Column[] {
  return [
    { key: idColumn, zh: '记录编号', en: 'Record id', field: null, must: false },
    ...fields.filter(fits).map((f) => ({ key: f.key, zh: f.zh, en: f.en, field: f, must: f.required })),
    ...(register.states?.length ? [{ key: stateColumn, zh: '状态', en: 'State', field: null, must: false }] : []),
  ]
}

const plain = (head: string) => head.normalize('NFKC').replace(/[*\s]+/g, ' ').trim().toLowerCase()
const bare = (key: string) => key.replace('@', '')

// null: nobody's column. No field is filled twice; the first column that names it has it.
export function match(heads: string[], columns: Column[]): (string | null)[] {
  const taken = new Set<string>()
  const out: (string | null)[] = heads.map(() => null)
  const tries: ((head: string, column: Column) => boolean)[] = [
    (head, c) => plain(head) === bare(c.key),
    (head, c) => plain(bracketed(head.replace(/\*\s*$/, '')) ?? '') === bare(c.key),
    (head, c) => plain(head) === plain(c.zh) || plain(head) === plain(c.en),
    // Where no field of its own is called so, 编号 is the record's.
    (head, c) => c.key === idColumn && ['编号', '标识', 'no.', 'number'].includes(plain(head)),
  ]
  for (const fitting of tries)
    heads.forEach((head, i) => {
      if (out[i] || !plain(head)) return
      const column = columns.find((c) => !taken.has(c.key) && fitting(head, c))
      if (column) { out[i] = column.key; taken.add(column.key) }
    })
  return out
}

export const headOf = (column: Column, language: 'zh' | 'en') =>
  language === 'zh' ? `${column.zh}（${bare(column.key)}）${column.must ? '*' : ''}` : `${column.en} (${bare(column.key)})${column.must ? '*' : ''}`
