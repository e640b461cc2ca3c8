import ZooPlugin

/// How the rows of a matrix product and the panels of its columns are shared out.
package struct ProductTiles: Sendable {
  private let rows, panels, unit, units, rowTiles, columnTiles: Int
  /// Products of numbers that a tile has at least where there are enough tiles.
  private static let tileSteps = 1 << 18

  /// - Parameters:
  ///   - unit: rows of a register tile.
  ///   - tall: rows of a tile at most, or a unit. 72 rows of a block of depth fit the L2 cache beside a panel.
  package init(
    rows: Int, columns: Int, depth: Int, panelColumns: Int, unit: Int, workers: Int, tall: Int = 72
  ) {
    (self.rows, self.unit) = (rows, unit)
    panels = (columns + panelColumns - 1) / panelColumns
    units = (rows + unit - 1) / unit
    if rows == 0 || panels == 0 || rows * columns * max(depth, 1) < 32768 {
      rowTiles = min(rows, 1)
      columnTiles = min(panels, 1)
      return
    }
    // Tall tiles, of equally many register tiles.
    let tallUnits = max(1, tall / unit)
    rowTiles = (units + tallUnits - 1) / tallUnits
    // Enough tiles for every worker, but wide ones where there are many rows of them already; as many for each worker.
    // Of little work one tile each: what is read from memory comes slowly at first.
    let (rowTiles, panels) = (rowTiles, panels)
    let wanted = workers * min(4, max(1, rows * columns * depth / (workers * Self.tileSteps)))
    let least = min(panels, max(1, (wanted + rowTiles - 1) / rowTiles, panels / 64))
    columnTiles = (least..<least + workers).first { $0 <= panels && rowTiles * $0 % workers == 0 } ?? least
  }

  package var count: Int { rowTiles * columnTiles }

  /// Each tile, shared out among workers.
  package func forEach(on executor: Executor, _ body: (_ rows: Range<Int>, _ panels: Range<Int>) -> Void) {
    executor.parallelFor(count) { index, _ in body(self[index].rows, self[index].panels) }
  }

  /// Rows of the tallest.
  package var height: Int { rowTiles == 0 ? 0 : (units + rowTiles - 1) / rowTiles * unit }

  package subscript(_ index: Int) -> (rows: Range<Int>, panels: Range<Int>) {
    let (row, column) = (index % rowTiles, index / rowTiles)
    return (
      units * row / rowTiles * unit..<min(rows, units * (row + 1) / rowTiles * unit),
      panels * column / columnTiles..<panels * (column + 1) / columnTiles
    )
  }
}
