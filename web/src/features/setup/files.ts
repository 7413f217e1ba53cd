// Files from and to people: workbooks and comma-separated text. The libraries come only when somebody opens a file.
import { offer } from '@/shared/workbook'
import type { Table } from './rows'
import { type Cell, blank, text } from './values'

export class FileError extends Error { constructor(readonly key: string) { super(key) } }

export const notes = ['说明', 'Notes'] // the sheet of a template that explains and is not read
const largest = 12 << 20, mostRows = 20_000

// Chinese Excel writes CSV in GB18030; whatever is no UTF-8 is taken for that.
export function decode(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  try { return new TextDecoder('utf-8', { fatal: true }).decode(bytes) } catch { return new TextDecoder('gb18030').decode(bytes) }
}

// The first row with anything in it holds the heads; columns without a head and without a value are none.
export function tableOf(name: string, lines: Cell[][]): Table | null {
  const head = lines.findIndex((line) => line.some((c) => !blank(c)))
  if (head < 0) return null
  const rows = lines.map((cells, i) => ({ at: i + 1, cells })).slice(head + 1).filter((r) => !r.cells.every(blank))
  const width = Math.max(lines[head]!.length, ...rows.map((r) => r.cells.length))
  const used = [...Array(width).keys()].filter((i) => !blank(lines[head]![i]) || rows.some((r) => !blank(r.cells[i])))
  return { name, heads: used.map((i) => text(lines[head]![i] ?? null)), rows: rows.map((r) => ({ at: r.at, cells: used.map((i) => r.cells[i] ?? null) })) }
}

export async function readFile(file: File): Promise<Table[]> {
  if (file.size > largest) throw new FileError('setup.file_large')
  const bytes = new Uint8Array(await file.arrayBuffer())
  const zip = bytes[0] === 0x50 && bytes[1] === 0x4b, old = bytes[0] === 0xd0 && bytes[1] === 0xcf
  let tables: (Table | null)[]
  if (old || /\.(xls|et|ods|numbers|pdf|docx?)$/i.test(file.name)) throw new FileError('setup.file_old')
  if (zip) {
    const { default: readXlsx } = await import('read-excel-file/universal')
    const sheets = await readXlsx(bytes.buffer as ArrayBuffer).catch(() => { throw new FileError('setup.file_broken') })
    tables = sheets.filter((s) => !notes.includes(s.sheet.trim())).map((s) => tableOf(s.sheet, s.data as unknown as Cell[][]))
  } else {
    if (bytes.some((b) => b === 0) && !(bytes[0] === 0xff && bytes[1] === 0xfe)) throw new FileError('setup.file_unknown')
    const { default: papa } = await import('papaparse')
    const parsed = papa.parse<string[]>(decode(bytes).replace(/^\ufeff/, ''), { header: false, skipEmptyLines: false })
    tables = [tableOf(file.name.replace(/\.[^.]*$/, ''), parsed.data)]
  }
  const found = tables.filter((x): x is Table => !!x && x.rows.length > 0)
  if (!found.length) throw new FileError('setup.file_empty')
  if (found.reduce((n, x) => n + x.rows.length, 0) > mostRows) throw new FileError('setup.file_rows')
  return found
}

export interface Template { name: string; heads: { text: string; must: boolean }[]; rows: Cell[][] }

export async function writeFile(name: string, templates: Template[], explained: { name: string; heads: string[]; rows: string[][] }) {
  const { default: writeXlsx } = await import('write-excel-file/universal')
  const bold = (value: string, must = false) => ({ value, type: String, fontWeight: 'bold' as const, backgroundColor: must ? '#fff2da' : '#e2f0f5' })
  const cell = (c: Cell) => (c === null ? null : { value: text(c), type: String })
  const width = (n: number) => ({ width: Math.min(40, Math.max(10, n)) })
  const blob = await writeXlsx([
    ...templates.map((s) => ({ sheet: s.name.slice(0, 31), data: [s.heads.map((h) => bold(h.text, h.must)), ...s.rows.map((r) => r.map(cell))], columns: s.heads.map((h) => width(h.text.length * 1.6)), stickyRowsCount: 1 })),
    { sheet: explained.name, data: [explained.heads.map((h) => bold(h)), ...explained.rows.map((r) => r.map((c) => ({ value: c, type: String, wrap: true, alignVertical: 'top' as const })))], columns: [width(18), width(24), width(24), width(8), { width: 70 }], stickyRowsCount: 1 },
  ]).toBlob()
  offer(blob, name)
}

