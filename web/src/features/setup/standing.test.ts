import { describe, expect, it } from 'vitest'
import type { Record_ } from '@/api/shapes'
import type { Calendar } from './names'
import { type Loaded, short, standing } from './standing'

const now = Date.parse('2026-11-23T12:00:00+08:00')
const record = (register: string, id: string, fields: object, state = 'active'): Record_ => ({ id, register, state, version: 1, valid_from: '', fields: fields as Record<string, unknown> })
const calendar = (key: string, until: string | null, zh = '法定节假日'): Calendar => ({ key, zh: key, en: key, zone: '', week: [], holidays: until ? { zh, en: 'Holidays' } : null, known_until: until })
const house = (records: Record_[], calendars: Calendar[] = []): Loaded => {
  const map = new Map<string, Record_[]>()
  for (const r of records) map.set(r.register, [...(map.get(r.register) ?? []), r])
  return { records: map, calendars, posts: [{ code: 'operator', zh: '运维岗', en: 'Operator' }, { code: 'desk', zh: '服务台', en: 'Desk' }] }
}
const gaps = (step: string, h: Loaded) => [...standing(step, h, now, 'zh').gaps, ...standing(step, h, now, 'zh').hints].map((g) => `${g.key.replace('setup.gap_', '')} ${g.values.names ?? ''}`.trim())

describe('what is missing', () => {
  it('in an empty house: everything', () => {
    const admin = house([record('person', 'boss', { name: '沈管', enabled: true })])
    expect(['unit', 'person', 'board', 'system', 'rota', 'alert'].map((s) => gaps(s, admin))).toEqual([['no_unit'], ['no_person'], ['no_board'], ['no_system'], ['no_rota'], ['no_alert']])
  })
  it('names who has no post and which post has nobody; what is over does not count', () => {
    const h = house([record('person', 'a', { name: '甲', enabled: true }), record('person', 'b', { name: '乙', enabled: true }), record('person', 'c', { name: '丙', enabled: false }),
      record('grant', '1', { person: 'a', post: 'operator' }), record('grant', '2', { person: 'b', post: 'desk', until: '2026-01-01T00:00:00+08:00' })])
    expect(gaps('grant', h)).toEqual(['no_post 乙', 'nobody 服务台'])
    expect(standing('grant', h, now, 'zh')).toMatchObject({ count: 1, gaps: [{}], hints: [{}] })
  })
  it('says which systems have no answer, and which boards nobody on duty', () => {
    const h = house([record('board', 'core', { name: '核心' }), record('system', 'A', { name: '甲', important: true, calendar: 'x' }, 'in_service'), record('system', 'B', { name: '乙' }, 'planned'),
      record('rota', '1', { board: 'core', line: 1, start: '2026-01-01T00:00:00+08:00', end: '2027-01-01T00:00:00+08:00' }), record('rota', '2', { board: 'core', line: 2, start: '2026-01-01T00:00:00+08:00', end: '2026-02-01T00:00:00+08:00' }),
      record('alert_mapping', 'm', { system: 'C' }), record('alert_mapping', 'n', { system: '{service}' })])
    expect(gaps('system', h)).toEqual(['importance 乙', 'hours 乙', 'planned 乙'])
    expect(gaps('rota', h)).toEqual(['uncovered 核心 2'])
    expect(gaps('alert', h)).toEqual(['lost_alert m'])
  })
  it('holidays that are not known to the end of next year are said once for each table', () => {
    expect(short([calendar('cn', '2026-12-31'), calendar('cn2', '2026-12-31'), calendar('hk', '2027-12-31', '香港'), calendar('always', null)], now).map((c) => c.key)).toEqual(['cn'])
  })
})
