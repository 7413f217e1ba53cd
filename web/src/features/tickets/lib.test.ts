import { describe, expect, it } from 'vitest'
import { patchOf, same, toggled, tokens, valuesOf, withValues } from './lib'

describe('the query line', () => {
  it('is taken apart at spaces outside quotes', () => expect(tokens('state:open  unit:"ops east" 断网')).toEqual(['state:open', 'unit:"ops east"', '断网']))
  it('gives the values of a key', () => expect(valuesOf('board:core,"a b" x', 'board')).toEqual(['core', 'a b']))
  it('replaces values where they stood', () => expect(withValues('a board:core b', 'board', ['x y'])).toBe('a board:"x y" b'))
  it('toggles', () => {
    expect(toggled('state:open', 'board', 'core')).toBe('state:open board:core')
    expect(toggled('state:open board:core', 'board', 'core')).toBe('state:open')
    expect(toggled('state:open', 'state', 'triage')).toBe('state:triage')
    expect(toggled('state:triage', 'state', 'triage')).toBe('state:open')
    expect(toggled('state:triage x', 'state', 'line2')).toBe('state:triage,line2 x')
  })
})
describe('what travels', () => {
  it('is what changed or is required', () => {
    const takes = [{ field: 'a', required: false }, { field: 'b', required: true }, { field: 'c', required: false }, { field: 'd', required: false }]
    expect(patchOf(takes, { a: 1, b: 2, c: 3 }, { a: 1, b: 2, d: ['x'] })).toEqual({ b: 2, c: null, d: ['x'] })
  })
  it('knows an instant however it is written', () => {
    expect(same('2026-03-02T01:00:00+08:00', '2026-03-01T17:00:00Z')).toBe(true)
    expect(same({ a: undefined, b: [1] }, { b: [1] })).toBe(true)
    expect(same([1], [1, 2])).toBe(false)
  })
})
