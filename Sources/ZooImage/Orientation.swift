extension Image {
  /// The picture turned and mirrored so that it stands upright when EXIF's orientation is `orientation` (1 to 8: where
  /// the stored first row and first column belong).
  func oriented(by orientation: Int) -> Image {
    guard (2...8).contains(orientation) else { return self }
    // From 5 on, stored rows are columns.
    let (swapsSides, columns, rows) = (orientation >= 5, width, height)
    return Image(width: swapsSides ? rows : columns, height: swapsSides ? columns : rows) { output in
      pixels.withUnsafeBufferPointer { input in
        let (newWidth, newHeight) = swapsSides ? (rows, columns) : (columns, rows)
        for y in 0..<newHeight {
          for x in 0..<newWidth {
            let (column, row) =
              switch orientation {
              case 2: (columns - 1 - x, y)
              case 3: (columns - 1 - x, rows - 1 - y)
              case 4: (x, rows - 1 - y)
              case 5: (y, x)
              case 6: (y, rows - 1 - x)
              case 7: (columns - 1 - y, rows - 1 - x)
              default: (columns - 1 - y, x)
              }
            let (from, to) = (3 * (row * columns + column), 3 * (y * newWidth + x))
            for channel in 0..<3 { output[to + channel] = input[from + channel] }
          }
        }
      }
    }
  }
}
