// What a cell may point to: records that stand and rows of the file itself, found by id or by name.
import type { Field, Record_, Text } from '@/api/shapes'

export interface Calendar extends Text {
  key: string; zone: string; week: { weekday: number; hours: string[] }[]; holidays: Text | null; known_until: string | null
}
export interface Post extends Text { code: string }

// Registers and what is chosen like one though the definitions hold it.
export const posts = '@posts', calendars = '@calendars'

const plain = (text: string) => text.normalize('NFKC').trim().toLowerCase()
// "张三（zhangsan）", "张三 (zhangsan)": what stands in the brackets at the end.
export const bracketed = (text: string) => text.normalize('NFKC').trim().match(/\(([^()]+)\)$/)?.[1]?.trim() ?? null

export type Found = { id: string } | { many: string[] } | null

export class Names {
  private readonly ids = new Map<string, Map<string, string>>() // register -> id -> what people call it
  private readonly called = new Map<string, Map<string, Set<string>>>() // register -> plain name -> ids

  add(register: string, id: string, ...names: string[]) {
    if (!this.ids.has(register)) { this.ids.set(register, new Map()); this.called.set(register, new Map()) }
    const title = names.find(Boolean) ?? id
    this.ids.get(register)!.set(id, title)
    const called = this.called.get(register)!
    for (const name of [id, ...names]) {
      if (!name) continue
      const key = plain(name)
      if (!called.has(key)) called.set(key, new Set())
      called.get(key)!.add(id)
    }
  }
  addRecords(register: string, records: Record_[]) {
    for (const r of records) {
      const names = [r.fields.name, r.fields.title, r.fields.code, r.fields.login].filter((n): n is string => typeof n === 'string')
      this.add(register, r.id, ...(names.length ? names : [r.id]))
    }
  }
  has = (register: string, id: string) => this.ids.get(register)?.has(id) ?? false
  title = (register: string, id: string) => this.ids.get(register)?.get(id) ?? id

  find(register: string, text: string): Found {
    const typed = text.trim()
    if (this.has(register, typed)) return { id: typed }
    const ids = this.called.get(register)?.get(plain(typed))
    if (ids?.size === 1) return { id: [...ids][0]! }
    if (ids) return { many: [...ids] }
    const inner = bracketed(typed)
    return inner && this.has(register, inner) ? { id: inner } : null
  }
  // What was perhaps meant: the names that share most with the text, or the first few.
  near(register: string, text: string, most = 5): string[] {
    const letters = new Set(plain(text))
    const shares = (name: string) => [...new Set(plain(name))].filter((c) => letters.has(c)).length / Math.max(letters.size, name.length)
    return [...(this.ids.get(register) ?? [])].map(([id, title]) => ({ text: title === id ? id : `${title}（${id}）`, score: Math.max(shares(title), shares(id)) }))
      .sort((a, b) => b.score - a.score).slice(0, most).map((x) => x.text)
  }
}

// Which register a field points into. A text whose key is a register's names a member of it, as the alert table does:
// there {label} stands for what an alert brings, so that such a text may also name nobody.
export function pointsInto(field: Field, registers: Set<string>): string | null {
  const type = field.type.kind === 'list' ? field.type.element! : field.type
  if (['person', 'board', 'unit'].includes(type.kind)) return type.kind
  if (type.kind === 'ref') return type.register ?? null
  if (type.kind !== 'string') return null
  const key = field.type.kind === 'list' ? field.key.replace(/s$/, '') : field.key
  if (key === 'post') return posts
  if (key === 'calendar') return calendars
  return registers.has(key) ? key : null
}
