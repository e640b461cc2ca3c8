import SVMModelFormat
import ZooCore

extension FuzzTarget {
  static let svm = FuzzTarget(name: "svm") { bytes in
    _ = SVMModelFormat.sniff(bytes)
    try Scratch.withFile(bytes) { path in
      do { try readElements(SVMModelFormat.read(path).tensors) } catch is ZooError {}
      _ = try SVMModelFormat.readModel(path)
    }
  }
}
