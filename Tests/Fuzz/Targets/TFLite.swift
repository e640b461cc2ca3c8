import TFLiteFormat
import ZooCore

extension FuzzTarget {
  static let tflite = FuzzTarget(name: "tflite") { bytes in
    _ = TFLiteFormat.sniff(bytes)
    try Scratch.withFile(bytes) { path in
      do { try readElements(TFLiteFormat.readWeights(path).tensors) } catch is ZooError {}
      try readElements(TFLiteFormat.read(path).graph.initializers)
    }
  }
}
