import type { MarkdownRenderer } from 'vitepress';

const states = ['ok', 'stale', 'bad'];

/**
 * Draws blocks of the language `timeline`. A line is a lane, with its name and its segments from left to right; the text
 * before the colon of a segment is its state:
 *
 *     With | ok: Reads from memory | stale: The last value | ok: Refreshed
 */
export function timelines(markdown: MarkdownRenderer): void {
  const { escapeHtml } = markdown.utils;
  const { fence } = markdown.renderer.rules;
  const segmentOf = (text: string): string => {
    const [, state = '', label = ''] = /^(\w+): (.*)$/u.exec(text) ?? [];
    if (!states.includes(state)) throw new Error(`A segment of a timeline begins with ${states.join(', ')}: ${text}`);
    return `<li class="${state}">${escapeHtml(label)}</li>`;
  };
  const laneOf = (line: string): string => {
    const [name = '', ...segments] = line.split('|').map((part) => part.trim());
    return `<div class="lane"><strong>${escapeHtml(name)}</strong><ol>${segments.map(segmentOf).join('')}</ol></div>`;
  };
  markdown.renderer.rules.fence = (...parameters) => {
    const [tokens, index] = parameters;
    const { info = '', content = '' } = tokens[index] ?? {};
    const [language, ...title] = info.trim().split(/\s+/u);
    if (language !== 'timeline') return fence?.(...parameters) ?? '';
    const lanes = content.trim().split('\n').map(laneOf);
    return `<figure class="timeline" aria-label="${escapeHtml(title.join(' '))}" v-pre>${lanes.join('')}</figure>\n`;
  };
}
