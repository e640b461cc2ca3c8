import GraphBuilder
import ZooCore

/// The places of a stage of Swin, cut into windows after a cyclic shift.
struct SwinGrid {
  let rows, columns: Int
  /// The windows' side.
  let window: Int
  let shift: Int

  /// Sides with the zeros that make whole windows.
  private var paddedRows: Int { (rows + window - 1) / window * window }
  private var paddedColumns: Int { (columns + window - 1) / window * window }
  private var count: Int { paddedRows / window * (paddedColumns / window) }
  /// Places of a window.
  private var area: Int { window * window }

  /// Numbers of a mask; networks that are in use have some million.
  private static let largestMask = 1 << 24

  init(rows: Int, columns: Int, window: Int, shift: Int) throws {
    (self.rows, self.columns, self.window, self.shift) = (rows, columns, window, shift)
    guard min(rows, columns) >= window else {
      throw ZooError(
        .unsupported, "\"window_size\" is \(window), but a stage has \(rows) by \(columns) places", at: "config.json")
    }
    guard paddedRows * paddedColumns * area <= Self.largestMask else {
      throw ZooError(.unsupported, "\(rows) by \(columns) places are too many", at: "config.json")
    }
  }

  /// (N, places, features) as (N · windows, places of a window, features).
  func windows(
    of value: GraphBuilder.Value, _ name: String, _ features: Int, _ graph: inout GraphBuilder
  ) throws -> GraphBuilder.Value {
    var picture = graph.node(
      "Reshape", "\(name).picture", [value, try shape([0, rows, columns, features], "\(name).picture", &graph)])
    if paddedRows > rows || paddedColumns > columns {
      picture = try graph.pad(
        picture, "\(name).padded", before: [0, 0, 0, 0], after: [0, paddedRows - rows, paddedColumns - columns, 0])
    }
    picture = try rolled(picture, "\(name).shifted", by: shift, &graph)
    let extents = [0, paddedRows / window, window, paddedColumns / window, window, features]
    let split = graph.node("Reshape", "\(name).split", [picture, try shape(extents, "\(name).split", &graph)])
    let sorted = graph.node("Transpose", "\(name).sorted", [split], [Attribute("perm", .ints([0, 1, 3, 2, 4, 5]))])
    return graph.node("Reshape", name, [sorted, try shape([-1, area, features], name, &graph)])
  }

  /// The reverse of `windows`.
  func joined(
    _ value: GraphBuilder.Value, _ name: String, _ features: Int, _ graph: inout GraphBuilder
  ) throws -> GraphBuilder.Value {
    let extents = [-1, paddedRows / window, paddedColumns / window, window, window, features]
    let split = graph.node("Reshape", "\(name).split", [value, try shape(extents, "\(name).split", &graph)])
    let sorted = graph.node("Transpose", "\(name).sorted", [split], [Attribute("perm", .ints([0, 1, 3, 2, 4, 5]))])
    var picture = graph.node(
      "Reshape", "\(name).picture",
      [sorted, try shape([0, paddedRows, paddedColumns, features], "\(name).picture", &graph)])
    if shift > 0 { picture = try rolled(picture, "\(name).shifted", by: -shift, &graph) }
    if paddedRows > rows || paddedColumns > columns {
      picture = graph.node(
        "Slice", "\(name).cut",
        [
          picture, try shape([0, 0], "\(name).start", &graph), try shape([rows, columns], "\(name).end", &graph),
          try shape([1, 2], "\(name).axes", &graph),
        ])
    }
    return graph.node("Reshape", name, [picture, try shape([0, rows * columns, features], name, &graph)])
  }

  /// What is added to the products of queries and keys: by their distance, and −100 between places that only the shift
  /// made neighbours. (1, heads, area, area), or with a shift (N · windows, heads, area, area).
  func mask(
    _ name: String, heads: Int, windows: GraphBuilder.Value, _ network: inout NetworkBuilder
  ) throws -> GraphBuilder.Value {
    let span = 2 * window - 1
    let table = try network.parameter("\(name).relative_position_bias_table", [span * span, heads])
    let index = network.graph.constant(
      StoredTensor(try Tensor(relativePlaces(span), shape: [area, area])), "relative_places.\(window)")
    let biases = network.graph.node("Gather", "\(name).biases", [table, index])
    let byHeads = network.graph.node("Transpose", "\(name).by_heads", [biases], [Attribute("perm", .ints([2, 0, 1]))])
    guard shift > 0 else {
      return network.graph.node(
        "Unsqueeze", "\(name).mask", [byHeads, try network.graph.constant([0], "\(name).axes")])
    }
    let separations = network.graph.constant(
      StoredTensor(try Tensor(separated(), shape: [1, count, 1, area, area])),
      "separations.\(rows).\(columns).\(window)")
    let sum = network.graph.add(separations, byHeads, "\(name).masks")
    let length = network.graph.node(
      "Shape", "\(name).windows", [windows], [Attribute("start", .int(0)), Attribute("end", .int(1))])
    let samples = network.graph.node(
      "Div", "\(name).samples", [length, try shape([count], "\(name).count", &network.graph)])
    let extents = network.graph.node(
      "Concat", "\(name).extents", [samples, try shape([count, heads, area, area], "\(name).rest", &network.graph)],
      [Attribute("axis", .int(0))])
    let all = network.graph.node("Expand", "\(name).all", [sum, extents])
    return network.graph.node(
      "Reshape", "\(name).mask", [all, try shape([-1, heads, area, area], "\(name).flat", &network.graph)])
  }

  /// Rows of the table of distances, queries by keys.
  private func relativePlaces(_ span: Int) -> [Int64] {
    (0..<area).flatMap { query in
      (0..<area).map { key in
        let row = query / window - key / window + window - 1
        return Int64(row * span + query % window - key % window + window - 1)
      }
    }
  }

  /// By windows, queries and keys: −100 where the two come from different regions of the picture that was shifted.
  private func separated() -> [Float] {
    func region(_ place: Int, _ extent: Int) -> Int {
      (place >= extent - window ? 1 : 0) + (place >= extent - shift ? 1 : 0)
    }
    var result: [Float] = []
    result.reserveCapacity(count * area * area)
    for top in stride(from: 0, to: paddedRows, by: window) {
      for left in stride(from: 0, to: paddedColumns, by: window) {
        let regions = (0..<area).map {
          3 * region(top + $0 / window, paddedRows) + region(left + $0 % window, paddedColumns)
        }
        for query in regions { for key in regions { result.append(query == key ? 0 : -100) } }
      }
    }
    return result
  }

  /// The picture (N, rows, columns, features) with rows and columns moved up and to the left, around its edges.
  private func rolled(
    _ picture: GraphBuilder.Value, _ name: String, by shift: Int, _ graph: inout GraphBuilder
  ) throws -> GraphBuilder.Value {
    guard shift != 0 else { return picture }
    let ends = try shape([.max], "\(name).end", &graph)
    let (middle, start) = (try shape([shift], "\(name).middle", &graph), try shape([0], "\(name).start", &graph))
    var value = picture
    for axis in [1, 2] {
      let axes = try shape([axis], "\(name).axis.\(axis)", &graph)
      let first = graph.node("Slice", "\(name).\(axis).first", [value, start, middle, axes])
      let rest = graph.node("Slice", "\(name).\(axis).rest", [value, middle, ends, axes])
      value = graph.node("Concat", "\(name).\(axis)", [rest, first], [Attribute("axis", .int(Int64(axis)))])
    }
    return value
  }

  private func shape(_ extents: [Int], _ name: String, _ graph: inout GraphBuilder) throws -> GraphBuilder.Value {
    try graph.constant(extents.map(Int64.init), "\(name).extents")
  }
}
