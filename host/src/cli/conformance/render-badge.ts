/** What a badge says. */
export interface BadgeFacts {
  readonly package: string;
  readonly version: string;
  readonly passed: number;
  readonly total: number;
  /** Of the package's files, so that the badge of another package can be told. */
  readonly integrity: string;
}

const LABEL_WIDTH = 84;
const LETTER_WIDTH = 7;

/** The score as an SVG image, with the integrity of what was tried in its title and its metadata. */
export function renderBadge(facts: BadgeFacts): string {
  const score = `${facts.passed}/${facts.total}`;
  const width = LABEL_WIDTH + score.length * LETTER_WIDTH + 14;
  const colour = facts.passed === facts.total ? '#2b7a3f' : '#b3261e';
  const about = `conformance of ${facts.package} ${facts.version}: ${score}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" role="img" aria-label="${escapeXml(about)}">`,
    `  <title>${escapeXml(`${about}, ${facts.integrity}`)}</title>`,
    `  <metadata>${escapeXml(JSON.stringify(facts))}</metadata>`,
    `  <rect width="${width}" height="20" rx="3" fill="#444"/>`,
    `  <rect x="${LABEL_WIDTH}" width="${width - LABEL_WIDTH}" height="20" rx="3" fill="${colour}"/>`,
    '  <g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">',
    '    <text x="6" y="14">conformance</text>',
    `    <text x="${LABEL_WIDTH + 7}" y="14">${score}</text>`,
    '  </g>',
    '</svg>',
    '',
  ].join('\n');
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
