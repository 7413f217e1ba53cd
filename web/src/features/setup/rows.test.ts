import { describe, expect, it } from 'vitest'
import type { Field, Record_, Refusal, Register } from '@/api/shapes'
import { columnsOf, headOf, match } from './columns'
import { Names, pointsInto, posts } from './names'
import { inOrder, place, read, type Sheet } from './rows'
import { cellOf, type House } from './template'
import { type Cell, Reader } from './values'

const f = (key: string, zh: string, kind: string, required = false, more: object = {}): Field => ({ key, zh, en: key, type: { kind, ...more }, help: null, clause: '', requirement: null, required, required_in: [], indexed: false, decided_by: null })
const register = (key: string, zh: string, fields: Field[], unique: string[][] = [], states: string[] = []): Register => ({ key, zh, en: key, fields, unique, states })
const unit = register('unit', '机构与部门', [f('name', '名称', 'string', true), f('parent', '上级', 'unit'), f('head', '负责人', 'person')])
const person = register('person', '人员', [f('login', '登录名', 'string', true), f('name', '姓名', 'string', true), f('internal', '本单位正式员工', 'bool', true), f('unit', '部门', 'unit'), f('enabled', '账号可用', 'bool', true)], [['login']])
const system = register('system', '信息系统', [f('code', '编号', 'string', true), f('name', '名称', 'string', true), f('rows', '表', 'table')], [['code']], ['planned', 'in_service'])
const grant = register('grant', '岗位授予', [f('person', '人员', 'person', true), f('post', '岗位', 'string', true), f('board', '板块', 'board'), f('line', '线别', 'int')])
const known = new Set(['unit', 'person', 'system', 'grant', 'board'])
const words = (s: string) => ({ zh: s === 'in_service' ? '在用' : '计划', en: s })

const sheet = (r: Register, heads: string[], ...lines: Cell[][]): Sheet => {
  const columns = columnsOf(r, r.fields)
  return { table: { name: r.zh, heads, rows: lines.map((cells, i) => ({ at: i + 2, cells })) }, register: r, columns, filled: match(heads, columns), stateWord: words }
}
function readAll(sheets: Sheet[], stored: Record<string, Record_[]> = {}) {
  const names = new Names()
  for (const [key, records] of Object.entries(stored)) names.addRecords(key, records)
  names.add(posts, 'operator', '运维岗', 'Operator')
  return read(sheets, names, new Reader(names, known, (r) => r), new Map(Object.entries(stored)))
}
const record = (reg: string, id: string, fields: object): Record_ => ({ id, register: reg, state: 'active', version: 1, valid_from: '', fields: fields as Record<string, unknown> })

describe('columns', () => {
  it('are found by key, title in either language, and as templates write them', () => {
    const columns = columnsOf(person, person.fields)
    expect(match(['login', '姓名', 'Unit', '本单位正式员工（internal）*', '工龄', ''], columns)).toEqual(['login', 'name', 'unit', 'internal', null, null])
    for (const language of ['zh', 'en'] as const) expect(match(columns.map((c) => headOf(c, language)), columns)).toEqual(columns.map((c) => c.key))
  })
  it('编号 is the field of that name where there is one, and the id elsewhere', () => {
    expect(match(['编号', 'id'], columnsOf(system, system.fields))).toEqual(['code', '@id'])
    expect(match(['编号', '名称'], columnsOf(unit, unit.fields))).toEqual(['@id', 'name'])
  })
  it('no field is filled twice, and a table within a cell is none', () => {
    expect(match(['姓名', 'name'], columnsOf(person, person.fields))).toEqual([null, 'name'])
    expect(columnsOf(system, system.fields).map((c) => c.key)).toEqual(['@id', 'code', 'name', '@state'])
  })
})

describe('rows', () => {
  it('of one file may point to one another in any order', () => {
    const { rows, mistakes } = readAll([sheet(unit, ['名称', '上级', '负责人'], ['运维中心', '总公司', '王经'], ['总公司', null, null]), sheet(person, ['登录名', '姓名', '本单位正式员工', '部门'], ['wang', '王经', '是', '运维中心'])])
    expect(mistakes).toEqual([])
    expect(rows.map((r) => [r.id, r.fields])).toEqual([['运维中心', { name: '运维中心', parent: '总公司', head: 'wang' }], ['总公司', { name: '总公司' }], ['wang', { enabled: true, login: 'wang', name: '王经', internal: true, unit: '运维中心' }]])
  })
  it('find the record that stands by what makes it one', () => {
    const stored = { unit: [record('unit', 'ops', { name: '运维中心' })], person: [record('person', 'wang', { login: 'wang', name: '王经', enabled: false })] }
    expect(readAll([sheet(unit, ['名称'], ['运维中心'])], stored).rows[0]!.id).toBe('ops')
    expect(readAll([sheet(person, ['登录名', '姓名'], ['wang', '王经理'])], stored).rows[0]!.fields).toEqual({ login: 'wang', name: '王经理' }) // stays switched off
    expect(readAll([sheet(grant, ['人员', '岗位', '线别'], ['王经', '运维岗', 1])], stored).rows[0]!.id).toBe('wang-operator-1')
  })
  it('blank rows are none, empty cells say nothing, states have names', () => {
    const { rows } = readAll([sheet(system, ['编号', '名称', '状态'], ['OA', '办公', '在用'], [null, ' ', null], ['HR', '人事', null])])
    expect(rows.map((r) => [r.at, r.id, r.state])).toEqual([[2, 'OA', 'in_service'], [4, 'HR', undefined]])
  })
  it('every mistake stands at its row and column', () => {
    const { mistakes } = readAll([sheet(person, ['登录名', '姓名', '本单位正式员工', '部门'], ['a', '甲', '可能', '没有的部门'], ['b', '乙', '是', null], ['b', '丙', '是', null])])
    expect(mistakes.map((m) => [m.at, m.column, m.value, (m.why as { key: string }).key])).toEqual([[2, '本单位正式员工', '可能', 'setup.why_bool'], [2, '部门', '没有的部门', 'setup.why_unknown_empty'], [4, '登录名', 'b', 'setup.why_twice']])
  })
})

describe('what the server refuses', () => {
  const refusal = (field: string, code: string): Refusal => ({ clause: 'A.2', code, field, zh: '不行', en: 'no', requirement: null })
  const sheets = [sheet(person, ['登录名', '姓名', '本单位正式员工'], ['a', '甲', '可能'], ['b', '', '是'])]
  const reading = readAll(sheets)
  const placed = place([refusal('rows[0].internal', 'required_internal'), refusal('rows[0]', 'some_rule'), refusal('rows[1].name', 'required_name'), refusal('rows[1]', 'incompatible_posts')], sheets, reading, (x) => pointsInto(x, known))
  it('is placed, and what only follows from another mistake is left out', () => {
    expect(placed.map((m) => [m.at, m.column, m.how && 'key' in m.how && m.how.key])).toEqual([[3, '姓名', 'setup.how_fill'], [3, '', 'setup.how_posts']])
    expect(placed[0]!.clause).toBe('A.2')
  })
  it('stands among the others in the order of the file', () => {
    expect(inOrder([...placed, ...reading.mistakes], sheets).map((m) => m.at)).toEqual([2, 3, 3])
  })
  it('a post for a person whose row is wrong is not blamed as well', () => {
    const both = [sheet(person, ['登录名', '姓名', '本单位正式员工'], ['a', '甲', '可能']), sheet(grant, ['人员', '线别'], ['a', 1])]
    expect(place([refusal('rows[1].person', 'not_found')], both, readAll(both), (x) => pointsInto(x, known))).toEqual([])
  })
})

describe('what templates write', () => {
  const names = new Names()
  names.add('person', 'c1', '陈小明'); names.add('person', 'c2', '陈小明'); names.add('person', 'w', '王经')
  const house = { names, registers: known, language: 'zh', title: (r: string) => r, stateWord: words, say: (s) => s.key } as House
  const reader = new Reader(names, known, (r) => r)
  const cases: [unknown, Field][] = [[true, f('internal', '员工', 'bool')], ['c2', f('head', '负责人', 'person')], ['w', f('head', '负责人', 'person')], ['2026-03-02T09:00:00+08:00', f('start', '开始', 'timestamp')], ['2026-03-02T01:00:07.250Z', f('start', '开始', 'timestamp')], [['w', 'c1'], f('who', '谁', 'list', false, { element: { kind: 'person' } })], [3, f('n', '数', 'int')]]
  for (const [value, field] of cases) it(`${JSON.stringify(value)} reads back`, () => expect(reader.read(cellOf(value, field, house), field)).toEqual({ value }))
})
