import { describe, expect, it } from 'vitest'
import type { Field, FieldType } from '@/api/shapes'
import { calendars, Names, pointsInto, posts } from './names'
import { type Cell, Reader } from './values'

const field = (type: FieldType | string, key = 'x'): Field => ({ key, zh: key, en: key, type: typeof type === 'string' ? { kind: type } : type, help: null, clause: '', requirement: null, required: false, required_in: [], indexed: false, decided_by: null })
const names = new Names()
names.add('person', 'duty', '陈值'); names.add('person', 'chen1', '陈小明'); names.add('person', 'chen2', '陈小明')
names.add('board', 'core', '核心应用板块'); names.add('system', 'OA', '协同办公系统'); names.add('province', '浙江', '浙江')
names.add(posts, 'operator', '运维岗', 'Operator'); names.add(calendars, 'daily', '每日 08:30-18:00')
const registers = new Set(['person', 'board', 'unit', 'system', 'province'])
const reader = new Reader(names, registers, (r) => r)
const read = (cell: Cell, type: FieldType | string, key?: string) => reader.read(cell, field(type, key))
const good = (cell: Cell, type: FieldType | string, key?: string) => { const r = read(cell, type, key); return 'value' in r ? r.value : r.why.key }
const level: FieldType = { kind: 'choice', words: [{ word: 'core', zh: '核心业务', en: 'Core business' }, { word: 'other', zh: '其他', en: 'Other' }] }

describe('a cell becomes a value', () => {
  const cases: [Cell, FieldType | string, unknown][] = [
    [' 浙江分公司 ', 'string', '浙江分公司'], [13800000000, 'string', '13800000000'], ['1', 'int', 1], [2, 'int', 2], ['1.5', 'number', 1.5],
    ['是', 'bool', true], ['否', 'bool', false], ['TRUE', 'bool', true], [false, 'bool', false], ['Ｎ', 'bool', false], [1, 'bool', true],
    ['核心业务', level, 'core'], ['core', level, 'core'], ['core business', level, 'core'],
    ['2026-03-02', 'date', '2026-03-02'], ['2026/3/2', 'date', '2026-03-02'], ['2026年3月2日', 'date', '2026-03-02'], [new Date('2026-03-02T00:00:00Z'), 'date', '2026-03-02'],
    ['2026-03-02 09:00', 'timestamp', '2026-03-02T09:00:00+08:00'], ['2026/3/2 9:05', 'timestamp', '2026-03-02T09:05:00+08:00'], ['2026年3月2日9时30分', 'timestamp', '2026-03-02T09:30:00+08:00'], ['2026-03-02', 'timestamp', '2026-03-02T00:00:00+08:00'],
    [new Date('2026-03-02T18:30:00Z'), 'timestamp', '2026-03-02T18:30:00+08:00'], ['2026-03-02T01:00:00Z', 'timestamp', '2026-03-02T01:00:00Z'],
    ['1h30m', 'duration', '1h30m'], ['2天', 'duration', '2d'], ['1小时30分钟', 'duration', '1h30m'],
    ['duty', 'person', 'duty'], ['陈值', 'person', 'duty'], ['陈小明（chen2）', 'person', 'chen2'], ['核心应用板块', 'board', 'core'], ['oa', { kind: 'ref', register: 'system' }, 'OA'],
    ['浙江、浙江', { kind: 'list', element: { kind: 'ref', register: 'province' } }, ['浙江']], ['a;b，c', { kind: 'list', element: { kind: 'string' } }, ['a', 'b', 'c']],
  ]
  for (const [cell, type, meant] of cases) it(`${String(cell)} as ${typeof type === 'string' ? type : type.kind}`, () => expect(good(cell, type)).toEqual(meant))

  const wrong: [Cell, FieldType | string, string][] = [
    ['一', 'int', 'why_int'], [1.5, 'int', 'why_int'], ['x', 'number', 'why_number'], ['也许', 'bool', 'why_bool'], ['高', level, 'why_choice'],
    ['2026-02-30', 'date', 'why_date'], ['09:00', 'timestamp', 'why_time'], ['-40m', 'timestamp', 'why_time'], ['明天 9:00', 'timestamp', 'why_time'], ['46083', 'timestamp', 'why_time'], ['soon', 'duration', 'why_duration'],
    ['陈小明', 'person', 'why_many'], ['王五', 'person', 'why_unknown'], ['x', 'unit', 'why_unknown_empty'], ['a\nb', 'string', 'why_lines'], ['浙江、火星', { kind: 'list', element: { kind: 'ref', register: 'province' } }, 'why_unknown'],
  ]
  for (const [cell, type, why] of wrong) it(`${JSON.stringify(cell)} is no ${typeof type === 'string' ? type : type.kind}`, () => expect(good(cell, type)).toBe('setup.' + why))

  it('says how to mend it', () => {
    const many = read('陈小明', 'person'), near = read('核心应用', 'board')
    expect('how' in many && many.how.values.ids).toBe('chen1、chen2')
    expect('how' in near && near.how.values.near).toBe('核心应用板块（core）')
  })
})

describe('texts that name something', () => {
  it('posts and calendars by key or title', () => {
    expect(good('运维岗', 'string', 'post')).toBe('operator')
    expect(good('operator', 'string', 'post')).toBe('operator')
    expect(good('每日 08:30-18:00', 'string', 'calendar')).toBe('daily')
    expect(good('七天', 'string', 'calendar')).toBe('setup.why_unknown')
  })
  it('a key that is a register points into it, but {label} stays', () => {
    expect(good('协同办公系统', 'string', 'system')).toBe('OA')
    expect(good('{service}', 'string', 'system')).toBe('{service}')
    expect(good('浙江', { kind: 'list', element: { kind: 'string' } }, 'provinces')).toEqual(['浙江'])
    expect(pointsInto(field('string', 'match'), registers)).toBeNull()
  })
})
