extension OperatorDeclaration {
  /// ONNX MelWeightMatrix: triangles on the mel scale, which turn a spectrum's bins into bands.
  static let melWeightMatrix = OperatorDeclaration(
    "MelWeightMatrix", shapeInputs: [0, 1],
    types: { node in [.tensor(try node.elementType("output_datatype") ?? .float32)] }
  ) { node in
    func given(_ index: Int) throws -> Dim { try node.ifKnown { try node.element(index) } ?? .unknown() }
    let (bands, length, rate) = (try given(0), try given(1), try given(2))
    try node.require(
      bands.number.map { 0...1 << 24 ~= $0 } ?? true && length.number.map { 1...1 << 32 ~= $0 } ?? true
        && rate.number.map { $0 > 0 } ?? true,
      "\(bands) bands of \(length) numbers at a rate of \(rate)")
    return [[length.floorDivided(by: 2) + 1, bands]]
  }
}
