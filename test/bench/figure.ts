/** A measured value and what it may be at most. */
export interface Figure {
  readonly what: string
  readonly value: number
  readonly limit: number
  readonly unit: 's' | '×' | 'MB'
  /** The measurements behind it. */
  readonly from: string
}

export const isOver = ({ value, limit }: Figure): boolean => !(value <= limit)

/** One line for each figure, and the verdict. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.what,
    shown(figure.value, figure.unit),
    `≤ ${figure.limit} ${figure.unit}`,
    isOver(figure) ? 'over' : 'ok',
    figure.from,
  ])
  const all = [['what', 'figure', 'limit', '', 'from'], ...rows]
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? []
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function shown(value: number, unit: Figure['unit']): string {
  return `${value.toFixed(unit === 'MB' ? 0 : 2)} ${unit}`
}
