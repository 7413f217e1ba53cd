// What goes to paper: light, with everything that is folded open, and put back as it was afterwards.
import { ref } from 'vue'

export const printedAt = ref(new Date()) // when the sheet that is being made was asked for

export function preparePaper() {
  let opened: HTMLDetailsElement[] = []
  let theme: string | undefined
  window.addEventListener('beforeprint', () => {
    printedAt.value = new Date()
    const root = document.documentElement
    theme ??= root.dataset.theme
    root.dataset.theme = 'light'
    opened = [...document.querySelectorAll<HTMLDetailsElement>('main details:not([open], .noprint)')]
    for (const fold of opened) fold.open = true
  })
  window.addEventListener('afterprint', () => {
    if (theme) document.documentElement.dataset.theme = theme
    theme = undefined
    for (const fold of opened) fold.open = false
    opened = []
  })
}
