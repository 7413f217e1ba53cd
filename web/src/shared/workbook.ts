// What a list shows as an Excel workbook, made in the browser under the person's own rights. The library comes when it is
// asked for. A text stays a text, whatever it begins with; times are times, in the zone of the house.
import { zoneMinutes } from './time'

export type Cell = string | number | boolean | Date | null
export interface Sheet { name: string; heads: string[]; rows: Cell[][]; widths?: number[] }

export function offer(blob: Blob, name: string) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

const cell = (c: Cell) =>
  c === null ? null
  : c instanceof Date ? { value: new Date(c.getTime() + zoneMinutes * 60e3), type: Date, format: 'yyyy-mm-dd hh:mm' }
  : typeof c === 'number' ? { value: c, type: Number }
  : typeof c === 'boolean' ? { value: c, type: Boolean }
  : { value: c.slice(0, 32_767), type: String, format: '@' }

export async function workbook(sheets: Sheet[]): Promise<Blob> {
  const { default: writeXlsx } = await import('write-excel-file/universal')
  return writeXlsx(sheets.map((s) => ({
    sheet: s.name.replace(/[\\/*?:[\]]/g, ' ').slice(0, 31), stickyRowsCount: 1,
    data: [s.heads.map((h) => ({ value: h, type: String, fontWeight: 'bold' as const, backgroundColor: '#e2f0f5' })), ...s.rows.map((r) => r.map(cell))],
    columns: s.heads.map((h, i) => ({ width: s.widths?.[i] ?? Math.min(40, Math.max(12, h.length * 2 + 4)) })),
  }))).toBlob()
}
