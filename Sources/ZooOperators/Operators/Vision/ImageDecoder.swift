extension OperatorDeclaration {
  /// ONNX ImageDecoder: a picture from the bytes of its file, as rows, columns and colours.
  static let imageDecoder = OperatorDeclaration("ImageDecoder") { node in
    let format = try node.text("pixel_format") ?? "RGB"
    try node.require(
      ["RGB", "BGR", "Grayscale"].contains(format), "pixel_format is \"\(format)\", not RGB, BGR or Grayscale")
    _ = try node.shape(0, "a file", like: [nil])
    return [[.unknown(), .unknown(), format == "Grayscale" ? 1 : 3]]
  }
}
