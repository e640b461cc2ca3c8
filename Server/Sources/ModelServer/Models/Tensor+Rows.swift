import ModelZoo

extension Tensor {
  /// The rows of `parts`, which have one type and the same shapes behind the first dimension, one after the other.
  ///
  /// - Throws: `Failure` for others.
  init(joining parts: [Tensor]) throws {
    guard let first = parts.first,
      parts.allSatisfy({ $0.type == first.type && !$0.shape.isEmpty && $0.shape.dropFirst() == first.shape.dropFirst() }
      )
    else { throw Failure(.badRequest, "rows of different shapes don't go together") }
    let shape = [parts.reduce(0) { $0 + $1.shape[0] }] + first.shape.dropFirst()
    guard first.strings == nil else {
      try self.init(strings: parts.flatMap { $0.strings ?? [] }, shape: shape)
      return
    }
    try self.init(type: first.type, shape: shape) { memory in
      var place = 0
      for part in parts {
        part.withUnsafeBytes { bytes in
          UnsafeMutableRawBufferPointer(rebasing: memory[place..<place + bytes.count]).copyMemory(from: bytes)
          place += bytes.count
        }
      }
    }
  }

  /// The parts of so many rows each.
  ///
  /// - Throws: `Failure` where the tensor does not have as many as all of them.
  func split(_ rows: [Int]) throws -> [Tensor] {
    guard let all = shape.first, all > 0, all == rows.reduce(0, +) else {
      throw Failure(.badRequest, "the output has no row for each of the input's")
    }
    let stride = count / all
    var start = 0
    return try rows.map { rows in
      defer { start += rows }
      let partShape = [rows] + shape.dropFirst()
      if let strings {
        return try Tensor(strings: Array(strings[start * stride..<(start + rows) * stride]), shape: partShape)
      }
      return try withUnsafeBytes { bytes in
        let rowBytes = bytes.count / all
        return try Tensor(type: type, shape: partShape) { memory in
          memory.copyMemory(
            from: UnsafeRawBufferPointer(rebasing: bytes[start * rowBytes..<(start + rows) * rowBytes]))
        }
      }
    }
  }
}

extension [[String: Tensor]] {
  /// The tensors of all requests, which have the same names, one after the other.
  ///
  /// - Throws: as `Tensor.init(joining:)`.
  func joined() throws -> [String: Tensor] {
    var joined: [String: Tensor] = [:]
    for name in self[0].keys { joined[name] = try Tensor(joining: compactMap { $0[name] }) }
    return joined
  }
}

extension [String: Tensor] {
  /// The parts of so many rows each.
  ///
  /// - Throws: as `Tensor.split`.
  func split(_ rows: [Int]) throws -> [[String: Tensor]] {
    var parts = [[String: Tensor]](repeating: [:], count: rows.count)
    for (name, tensor) in self {
      for (place, part) in try tensor.split(rows).enumerated() { parts[place][name] = part }
    }
    return parts
  }
}
