// Texts of a feature, both languages side by side: key -> [Chinese, English]. They come with the feature's own chunk.
import { i18n } from '@/app/i18n'

export function words(feature: string, pairs: Record<string, [string, string]>) {
  for (const [at, language] of [[0, 'zh'], [1, 'en']] as const) {
    const messages = Object.fromEntries(Object.entries(pairs).map(([key, text]) => [key, text[at]]))
    i18n.global.mergeLocaleMessage(language, { [feature]: messages } as never)
  }
}
