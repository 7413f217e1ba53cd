// Texts of definitions in the language of the page, and the tones that ranks have.
import { useI18n } from 'vue-i18n'
import type { Language } from './time'
import type { Process, Text } from '@/api/shapes'

export function useText() {
  const { locale, t } = useI18n()
  const tx = (text: Partial<Text> | string | null | undefined, fallback = ''): string => {
    if (!text) return fallback
    if (typeof text === 'string') return text
    return (locale.value === 'zh' ? text.zh || text.en : text.en || text.zh) || fallback
  }
  const list = (items: string[]) => items.join(locale.value === 'zh' ? '、' : ', ')
  return { t, tx, list, locale, language: () => locale.value as Language }
}

export type Tone = 'bad' | 'warn' | 'ok' | 'info' | 'plain'

// Words of a severity rise; the upper half calls for attention.
export function severityTone(process: Process | undefined, word: string | null): Tone {
  if (!word || !process) return 'plain'
  const words = process.fields.find((f) => f.decided_by === process.severity || f.key === process.severity)?.type.words
  const at = words?.findIndex((w) => w.word === word) ?? -1
  if (!words || at <= 0) return 'plain'
  return at * 2 >= words.length ? 'bad' : 'warn'
}
