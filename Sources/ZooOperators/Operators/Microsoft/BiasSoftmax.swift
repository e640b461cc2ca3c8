import ZooCore

extension OperatorDeclaration {
  /// com.microsoft BiasSoftmax: softmax over the dimensions from `axis` on of a sum with a bias, which has numbers for some of
  /// the rows: each serves several rows that follow each other (`is_inner_broadcast`), or they begin anew behind the last.
  static let biasSoftmax = microsoft("BiasSoftmax", "T T -> T") { [try $0.shape(0)] }.asFunction { f in
    let (shape, bias) = (try f.node.fixedShape(0), try f.node.fixedShape(1).reduce(1, *))
    let axis = try f.node.axis(default: 1, rank: shape.count)
    let (rows, columns) = (shape[..<axis].reduce(1, *), shape[axis...].reduce(1, *))
    guard rows > 0, columns > 0 else { return [f("Identity", try f.input(0))] }
    try f.node.require(
      bias > 0 && bias % columns == 0 && rows % (bias / columns) == 0,
      "a bias of \(bias) numbers doesn't fit \(rows) rows of \(columns)")
    let (own, shared) = (bias / columns, rows / (bias / columns))
    let isInner = try f.node.flag("is_inner_broadcast")
    let x = try f.reshape(try f.input(0), isInner ? [own, shared, columns] : [shared, own, columns])
    let addend = try f.reshape(try f.input(1), isInner ? [own, 1, columns] : [1, own, columns])
    return [try f.reshape(f("Softmax", f("Add", x, addend), attributes: ["axis": .int(-1)]), shape)]
  }
}
