import CaffeFormat
import ZooCore

extension FuzzTarget {
  /// A prototxt, a zero byte, and the .caffemodel beside it.
  static let caffe = FuzzTarget(name: "caffe") { bytes in
    _ = CaffeFormat.sniff(bytes)
    let end = bytes.firstIndex(of: 0) ?? bytes.endIndex
    let weights = UnsafeRawBufferPointer(rebasing: bytes[min(end + 1, bytes.endIndex)...])
    try Scratch.withFile(weights, name: "a.caffemodel") { weights in
      _ = CaffeFormat.sniffWeights(weights)
      do { try readElements(CaffeFormat.readWeights(weights).tensors) } catch is ZooError {}
      try Scratch.withFile(UnsafeRawBufferPointer(rebasing: bytes[..<end])) { network in
        try readElements(CaffeFormat.read(prototxt: network, weights: weights).graph.initializers)
      }
    }
  }
}
