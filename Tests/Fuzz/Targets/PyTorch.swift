import PyTorchFormat

extension FuzzTarget {
  /// Both forms. Checksums are left out, since no mutation would pass them.
  static let pytorch = FuzzTarget(name: "pytorch") { bytes in
    _ = PyTorchFormat.sniff(bytes)
    try Scratch.withFile(bytes) { try readElements(PyTorchFormat.read($0, checksums: false).tensors) }
  }
}
