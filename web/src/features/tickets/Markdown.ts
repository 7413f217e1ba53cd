// The little of Markdown that comments use, made into nodes and never into HTML: paragraphs, lists, code, bold, links,
// and the numbers of tickets.
import { defineComponent, h, type VNode } from 'vue'
import { RouterLink } from 'vue-router'

function inline(text: string): (VNode | string)[] {
  const out: (VNode | string)[] = []
  const pattern = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)|(https?:\/\/[^\s<>"'，。；）]+)|\b([A-Z]{2,6}-\d{6}-\d{5})\b/g
  let last = 0
  for (const m of text.matchAll(pattern)) {
    out.push(text.slice(last, m.index))
    if (m[1]) out.push(h('code', m[1]))
    else if (m[2]) out.push(h('strong', m[2]))
    else if (m[6]) out.push(h(RouterLink, { to: '/t/' + m[6], class: 'number' }, () => m[6]))
    else out.push(h('a', { href: m[4] ?? m[5], target: '_blank', rel: 'noopener noreferrer' }, m[3] ?? m[5]))
    last = m.index + m[0].length
  }
  out.push(text.slice(last))
  return out
}
const bullet = /^\s*([-*]|\d+[.)])\s+/
function blocks(text: string): VNode[] {
  const out: VNode[] = []
  for (const part of text.replace(/\r/g, '').split(/\n{2,}/)) {
    if (/^```/.test(part)) { out.push(h('pre', part.replace(/^```\w*\n?|\n?```$/g, ''))); continue }
    let run: string[] = [], listed = false
    const flush = () => {
      if (!run.length) return
      if (listed) out.push(h(/^\s*\d/.test(run[0]!) ? 'ol' : 'ul', { class: 'listed' }, run.map((l) => h('li', inline(l.replace(bullet, ''))))))
      else out.push(h('p', { class: 'prewrap' }, inline(run.join('\n'))))
      run = []
    }
    for (const line of part.split('\n')) {
      if (bullet.test(line) !== listed) { flush(); listed = !listed }
      run.push(line)
    }
    flush()
  }
  return out
}
export default defineComponent({ props: { text: { type: String, required: true } }, setup: (props) => () => h('div', { class: 'md' }, blocks(props.text)) })
