// Runs in the browser. Plain JavaScript, because the types of the tests do not include the DOM.

/**
 * Measures how many pixels the page is wider than the screen, and lists every text with a contrast below 4.5 (WCAG AA).
 * @returns {{ overflow: number; faint: string[] }}
 */
export function legibility() {
  const channels = (colour) => (colour.match(/[\d.]+/gu) ?? []).map(Number);
  const luminance = (colour) => {
    const [red, green, blue] = channels(colour).map((value) => {
      const part = value / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const backgroundOf = (element) => {
    if (element === null) return 'rgb(255, 255, 255)';
    const { backgroundColor } = getComputedStyle(element);
    return channels(backgroundColor)[3] === 0 ? backgroundOf(element.parentElement) : backgroundColor;
  };
  const faint = [];
  for (const element of document.querySelectorAll('main *')) {
    const texts = [...element.childNodes].filter((node) => node.nodeType === 3);
    const text = texts
      .map((node) => node.textContent)
      .join('')
      .trim();
    if (text === '') continue;
    const foreground = luminance(getComputedStyle(element).color);
    const background = luminance(backgroundOf(element));
    const contrast = (Math.max(foreground, background) + 0.05) / (Math.min(foreground, background) + 0.05);
    if (contrast < 4.5) faint.push(`${text}: ${contrast.toFixed(1)}`);
  }
  const { scrollWidth, clientWidth } = document.documentElement;
  return { overflow: scrollWidth - clientWidth, faint };
}
