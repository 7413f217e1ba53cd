// Templates to fill: the heads that the import knows, what stands if wished, and a sheet that says how to fill each column.
import type { Field, Record_, Register, Text } from '@/api/shapes'
import { full } from '@/shared/time'
import { type Column, headOf, idColumn, stateColumn } from './columns'
import type { Template } from './files'
import { calendars, type Names, pointsInto, posts } from './names'
import type { Said } from './values'

type Language = 'zh' | 'en'
export interface House { names: Names; registers: Set<string>; title: (register: string) => string; stateWord: (state: string) => Text; language: Language; say: (said: Said) => string }

// The cell that reads back as the value: a name where it is nobody else's, the id otherwise.
export function cellOf(value: unknown, field: Field, house: House): string | null {
  if (value === undefined || value === null) return null
  if (Array.isArray(value)) return value.map((one) => cellOf(one, { ...field, type: field.type.element ?? field.type }, house)).join('、')
  const register = pointsInto(field, house.registers)
  if (register) {
    const title = house.names.title(register, String(value)), found = house.names.find(register, title)
    return found && 'id' in found && found.id === value && !/[、,，;；]/.test(title) ? title : String(value)
  }
  switch (field.type.kind) {
    case 'bool': return house.language === 'zh' ? (value ? '是' : '否') : String(value)
    case 'choice': return field.type.words!.find((w) => w.word === value)?.[house.language] ?? String(value)
    case 'timestamp': return Date.parse(String(value)) % 60_000 ? String(value) : full(String(value)) // seconds would be lost
    case 'date': return full(String(value)).slice(0, 10)
    default: return String(value)
  }
}

export const templateOf = (register: Register, columns: Column[], records: Record_[], house: House): Template => ({
  name: register[house.language],
  heads: columns.map((c) => ({ text: headOf(c, house.language), must: c.must })),
  rows: records.map((r) => columns.map((c) => (c.key === idColumn ? r.id : c.key === stateColumn ? house.stateWord(r.state)[house.language] : cellOf(r.fields[c.key], c.field!, house)))),
})

const kindText = (field: Field, house: House): string => {
  const say = (key: string, values: Record<string, string | number> = {}) => house.say({ key: 'setup.fill_' + key, values })
  const element = field.type.kind === 'list' ? field.type.element! : field.type
  const register = pointsInto(field, house.registers)
  const one = register === posts || register === calendars ? say('one_of', { title: house.title(register), names: house.names.near(register, '', 60).join('、') })
    : register ? say('ref', { title: house.title(register) })
      : element.kind === 'choice' ? element.words!.map((w) => w[house.language]).join('、') : say(element.kind)
  return field.type.kind === 'list' ? say('list', { one }) : one
}

export function explain(register: Register, columns: Column[], house: House): string[][] {
  return columns.map((c) => {
    let how = c.key === idColumn ? house.say({ key: 'setup.fill_id', values: {} })
      : c.key === stateColumn ? house.say({ key: 'setup.fill_state', values: { words: (register.states ?? []).map((s) => house.stateWord(s)[house.language]).join('、') } })
        : kindText(c.field!, house)
    if (c.key === 'enabled' && register.key === 'person') how = house.say({ key: 'setup.fill_default_yes', values: { one: how } })
    if (c.field?.help) how += ` ${c.field.help[house.language]}`
    return [register[house.language], headOf(c, house.language), c.key.replace('@', ''), c.must ? house.say({ key: 'setup.must', values: {} }) : '', how]
  })
}
