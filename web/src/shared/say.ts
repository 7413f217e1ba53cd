// A value as one text: words for choices, names for references.
import { nameNow } from '@/api/master'
import type { FieldType } from '@/api/shapes'
import { useText } from './text'
import { milliseconds, span } from './time'

export function useSay() {
  const { tx, t, list, language } = useText()
  function say(value: unknown, type: FieldType | undefined): string {
    if (value === null || value === undefined) return '—'
    switch (type?.kind) {
      case 'choice': return tx(type.words?.find((w) => w.word === value), String(value))
      case 'person': case 'board': case 'unit': return tx(nameNow(type.kind, String(value)), String(value))
      case 'ref': return tx(nameNow(type.register!, String(value)), String(value))
      case 'duration': return span(milliseconds(String(value)) ?? 0, language())
      case 'list': return Array.isArray(value) ? list(value.map((v) => say(v, type.element))) : String(value)
      default: break
    }
    if (typeof value === 'boolean') return t(value ? 'yes' : 'no')
    if (Array.isArray(value)) return list(value.map((v) => say(v, undefined)))
    if (typeof value === 'object') {
      if ('zh' in value && 'en' in value) return tx(value as { zh: string; en: string })
      return Object.entries(value).map(([k, v]) => `${k}: ${say(v, undefined)}`).join('; ')
    }
    return String(value)
  }
  return say
}
