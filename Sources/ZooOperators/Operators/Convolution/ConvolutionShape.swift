import ZooCore

extension Inference {
  /// The shape of a convolution of input 0 with weights, both checked; what Conv and its relatives share.
  ///
  /// - Parameters:
  ///   - weights: The input that holds them, output channels first.
  ///   - bias: The input that holds one number for each output channel, if there is any.
  func convolutionShape(weights: Int, bias: Int?) throws -> [Dim] {
    let (x, w) = try convolutionOperands(weights: weights)
    let groups = try groups()
    try require(
      w[0].number.map { $0 % groups == 0 } ?? true, "\(w[0]) output channels can't be split into \(groups) groups")
    try require(
      x[1].equals(w[1] * Dim(groups)) != false,
      "the input has \(x[1]) channels, but the weights of shape \(w) take \(w[1]) in each of \(groups) "
        + (groups == 1 ? "group" : "groups"))
    if let bias, has(bias) { try requireVector(bias, of: w[0], "the bias") }
    let windows = try windows(axes: x.count - 2, kernel: Array(w[2...]))
    return [x[0], w[0]] + (try positions(windows, on: Array(x[2...])))
  }

  /// The shapes of input 0 and of weights, which have the same rank; unknown extents where only the other one is known.
  func convolutionOperands(weights index: Int) throws -> (input: [Dim], weights: [Dim]) {
    let (x, w) = (try facts(0).shape, try facts(index).shape)
    guard let rank = try x?.count ?? w?.count ?? ints("kernel_shape").map({ $0.count + 2 }) else { throw NotKnown() }
    try require(rank >= 3, "the input's rank is \(rank), but \(node.operatorType) needs 3 or more")
    try require(w.map { $0.count == rank } ?? true, "the weights have rank \(w?.count ?? 0), the input \(rank)")
    return (x ?? .unknown(rank: rank), w ?? .unknown(rank: rank))
  }

  /// Attribute `group`.
  func groups(_ name: String = "group") throws -> Int {
    let groups = try int(name, default: 1)
    try require(groups >= 1, "\(name) is \(groups)")
    return groups
  }

  /// Input `index` is a vector of `count` numbers.
  func requireVector(_ index: Int, of count: Dim, _ what: String) throws {
    guard let shape = try facts(index).shape else { return }
    try require(
      shape.count == 1 && shape[0].equals(count) != false, "\(what) has shape \(shape) in place of [\(count)]")
  }
}

extension Inference {
  /// Input `index` is a tensor of that type, or nothing is known of it.
  func requireType(_ index: Int, _ type: ElementType) throws {
    guard let kind = try facts(index).kind else { return }
    try require(kind == .tensor(type), "input \(index) is \(kind.name), it should be \(type.name)")
  }
}

extension [Dim] {
  /// A shape of which only the rank is known.
  static func unknown(rank: Int) -> [Dim] { (0..<rank).map { _ in .unknown() } }
}
