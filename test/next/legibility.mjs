// Runs in the page, where the types of the other tests are not those of the globals.

/**
 * How much wider than the screen the page is, and every text whose contrast is below 4.5 (WCAG AA).
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
  const groundOf = (element) => {
    if (element === null) return 'rgb(255, 255, 255)';
    const { backgroundColor } = getComputedStyle(element);
    return channels(backgroundColor)[3] === 0 ? groundOf(element.parentElement) : backgroundColor;
  };
  const faint = [];
  for (const element of document.querySelectorAll('main *')) {
    const texts = [...element.childNodes].filter((node) => node.nodeType === 3);
    const text = texts
      .map((node) => node.textContent)
      .join('')
      .trim();
    if (text === '') continue;
    const [one, other] = [luminance(getComputedStyle(element).color), luminance(groundOf(element))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) faint.push(`${text}: ${contrast.toFixed(1)}`);
  }
  const { scrollWidth, clientWidth } = document.documentElement;
  return { overflow: scrollWidth - clientWidth, faint };
}
