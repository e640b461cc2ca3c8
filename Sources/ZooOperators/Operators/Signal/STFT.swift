extension OperatorDeclaration {
  /// ONNX STFT: the Fourier transforms of a signal's frames, each times a window.
  static let stft = OperatorDeclaration("STFT", shapeInputs: [1, 3]) { node in
    let signal = try node.facts(0).shape ?? .unknown(rank: 3)
    try node.require(
      signal.count == 3 && signal[2].number.map { 1...2 ~= $0 } ?? true,
      "the signal has the shape \(signal), not [N, length, 1] or [N, length, 2]")
    let length = try node.frameLength(signal[1])
    let step = try node.ifKnown { try node.element(1) } ?? .unknown()
    try node.require(
      length.number.map { $0 > 0 } ?? true && step.number.map { $0 > 0 } ?? true
        && (signal[1] - length).number.map { $0 >= 0 } ?? true,
      "frames of \(length) numbers every \(step) of \(signal[1])")
    let bins = try node.flag("onesided", default: true) ? length.floorDivided(by: 2) + 1 : length
    return [[signal[0], (signal[1] - length).floorDivided(by: step) + 1, bins, 2]]
  }
}

extension Inference {
  /// What input 3 says, or as many numbers as the window (input 2) has, or else the whole signal.
  fileprivate func frameLength(_ signal: Dim) throws -> Dim {
    var length = has(3) ? try ifKnown { try element(3) } ?? .unknown() : nil
    if has(2), let window = try facts(2).shape {
      try require(
        window.count == 1 && length?.equals(window[0]) != false,
        "a window of shape \(window) for frames of \(length.map { "\($0)" } ?? "its length")")
      if length?.number == nil { length = window[0] }
    }
    return length ?? (has(2) ? .unknown() : signal)
  }
}
