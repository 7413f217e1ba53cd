import { describe, expect, it } from 'vitest'
import type { Present } from '@/api/shapes'
import { editing, initials, settled } from './presence'

const who = (person: string, action: string | null = null, since = '2026-03-02T01:00:00Z'): Present => ({ person, name: { zh: person, en: person }, doing: action ? 'edit' : 'view', action, since })
const names = (list: Present[]) => list.map((p) => p.person)

describe('who else is there', () => {
  it('is not oneself, and nobody moves', () => {
    const { people, wait } = settled([who('a'), who('b')], [who('new'), who('b', 'close'), who('me'), who('a')], 'me', new Map(), 0)
    expect(names(people)).toEqual(['a', 'b', 'new'])
    expect(people[1]!.action).toBe('close')
    expect(wait).toBe(false)
  })
  it('outlasts a reload and no more', () => {
    const missed = new Map<string, number>()
    const first = settled([who('a'), who('b')], [who('b')], 'me', missed, 1000)
    expect(names(first.people)).toEqual(['a', 'b'])
    expect(first.wait).toBe(true)
    expect(names(settled(first.people, [who('a'), who('b')], 'me', new Map(missed), 2000).people)).toEqual(['a', 'b'])
    const last = settled(first.people, [who('b')], 'me', missed, 2500)
    expect(names(last.people)).toEqual(['b'])
    expect(last.wait).toBe(false)
    expect(missed.size).toBe(0)
  })
  it('fills in by step, in the order of their beginning', () => {
    const found = editing([who('a', 'close', '2026-03-02T01:00:09Z'), who('b'), who('c', 'accept'), who('d', 'close', '2026-03-02T01:00:10Z')])
    expect(found.map(([step, people]) => [step, names(people)])).toEqual([['accept', ['c']], ['close', ['a', 'd']]])
  })
  it('has short names', () => expect(['林守', '欧阳明日', 'Ann', 'lin van shou', ' ', '王 经'].map(initials)).toEqual(['林守', '明日', 'A', 'LS', '', '王经']))
})
