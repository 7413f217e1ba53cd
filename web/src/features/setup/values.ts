// From a cell to the value that the API takes, or to why it cannot be and how to mend it.
import type { Field, FieldType } from '@/api/shapes'
import { readTime, wire } from '@/shared/time'
import { type Names, pointsInto } from './names'

export type Cell = string | number | boolean | Date | null
// A text of texts.ts with its places, so that the table follows the language of the page.
export type Said = { key: string; values: Record<string, string | number> }
export type Converted = { value: unknown } | { why: Said; how: Said }

const no = (key: string, values: Record<string, string | number> = {}): Converted =>
  ({ why: { key: 'setup.why_' + key, values }, how: { key: 'setup.how_' + key, values } })

export const blank = (cell: Cell | undefined) => cell === null || cell === undefined || (typeof cell === 'string' && !cell.trim())

const two = (n: number) => String(n).padStart(2, '0')
// A date cell of a workbook carries the digits people see, kept as if they were UTC.
const digits = (d: Date) => `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`
const clock = (d: Date) => `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`
export function text(cell: Cell): string {
  if (cell instanceof Date) return clock(cell) === '00:00' ? digits(cell) : `${digits(cell)} ${clock(cell)}`
  if (cell === null) return ''
  return typeof cell === 'string' ? cell.trim() : String(cell)
}

const day = (typed: string): string | null => {
  const m = typed.normalize('NFKC').trim().replace(/[/.年月]/g, '-').replace(/日$/, '').match(/^(\d{4})-(\d{1,2})-(\d{1,2})$/)
  if (!m) return null
  const date = new Date(Date.UTC(Number(m[1]), Number(m[2]) - 1, Number(m[3])))
  return date.getUTCMonth() === Number(m[2]) - 1 && date.getUTCDate() === Number(m[3]) ? digits(date) : null
}

function time(typed: string): string | null {
  const only = day(typed)
  if (only) return `${only}T00:00:00+08:00`
  if (/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(typed) && !Number.isNaN(Date.parse(typed))) return typed
  // A time of day alone would mean another day each time the file is imported.
  if (!/\d{4}/.test(typed) || !/\D/.test(typed)) return null
  const at = readTime(typed.normalize('NFKC').replace(/\s*(\d{1,2})\s*[时点]\s*(\d{1,2})\s*分?$/, ' $1:$2').replace(/(\d)[时点]$/, '$1:00'))
  return at ? wire(at) : null
}

const units: [RegExp, string][] = [[/周|星期/g, 'w'], [/天|日/g, 'd'], [/小时|时/g, 'h'], [/分钟|分/g, 'm'], [/秒/g, 's']]
function duration(typed: string): string | null {
  let s = typed.normalize('NFKC').toLowerCase().replace(/\s+/g, '')
  for (const [word, letter] of units) s = s.replace(word, letter)
  return /^(\d+(ms|[wdhms]))+$/.test(s) ? s : null
}

const yes = ['是', '有', '对', 'true', 'yes', 'y', '1', '√', '✓'], not = ['否', '无', '不', 'false', 'no', 'n', '0', '×', '✗']

export class Reader {
  constructor(private readonly names: Names, private readonly registers: Set<string>, private readonly titles: (register: string) => string) {}

  read(cell: Cell, field: Field): Converted {
    if (field.type.kind !== 'list') return this.one(text(cell), cell, field, field.type)
    const parts = text(cell).split(/[、,，;；\n]+/).map((s) => s.trim()).filter(Boolean)
    const values: unknown[] = []
    for (const part of parts) {
      const read = this.one(part, part, field, field.type.element!)
      if (!('value' in read)) return read
      if (!values.includes(read.value)) values.push(read.value)
    }
    return { value: values }
  }

  private one(typed: string, cell: Cell, field: Field, type: FieldType): Converted {
    const register = pointsInto(field, this.registers)
    if (register) {
      if (type.kind === 'string' && /\{.+\}/.test(typed)) return { value: typed }
      const found = this.names.find(register, typed)
      if (found && 'id' in found) return { value: found.id }
      const near = this.names.near(register, typed).join('、')
      if (found) return no('many', { value: typed, ids: found.many.join('、') })
      return no(near ? 'unknown' : 'unknown_empty', { value: typed, title: this.titles(register), near })
    }
    switch (type.kind) {
      case 'string': return /[\n\r]/.test(typed) ? no('lines') : { value: typed }
      case 'text': case 'ticket': return { value: typed }
      case 'int': return /^-?\d+$/.test(typed) ? { value: Number(typed) } : no('int', { value: typed })
      case 'number': return typed !== '' && Number.isFinite(Number(typed)) ? { value: Number(typed) } : no('number', { value: typed })
      case 'bool': {
        const word = typed.normalize('NFKC').toLowerCase()
        return yes.includes(word) || cell === true ? { value: true } : not.includes(word) || cell === false ? { value: false } : no('bool', { value: typed })
      }
      case 'date': { const d = day(typed.replace(/ .*$/, '')); return d ? { value: d } : no('date', { value: typed }) }
      case 'timestamp': { const at = time(typed); return at ? { value: at } : no('time', { value: typed }) }
      case 'duration': { const d = duration(typed); return d ? { value: d } : no('duration', { value: typed }) }
      case 'choice': {
        const word = type.words!.find((w) => [w.word, w.zh, w.en].some((x) => x.toLowerCase() === typed.toLowerCase()))
        return word ? { value: word.word } : no('choice', { value: typed, words: type.words!.map((w) => `${w.zh}（${w.word}）`).join('、') })
      }
      default: return no('form_only')
    }
  }
}
