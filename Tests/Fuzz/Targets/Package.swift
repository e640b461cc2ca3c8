import CZlib
import PackageFormat
import ZooCore

extension FuzzTarget {
  /// Checksums are made right first: what is looked for are files that somebody made on purpose.
  static let package = FuzzTarget(
    name: "package",
    seeds: {
      try [PackageFormat.Compression.none, .planes].flatMap { compression in
        try [sampleModel(), ModelDefinition()].map { model in
          try Scratch.written { try PackageFormat.write(model, to: $0, compression: compression) }
        }
      }
    }
  ) { bytes in
    var repaired = Array(bytes)
    repair(&repaired)
    try repaired.withUnsafeBytes { bytes in
      try Scratch.withFile(bytes) { path in
        let model = try PackageFormat.read(path)
        try readElements(model.graph.initializers)
        _ = try PackageFormat.summary(path)
        try PackageFormat.verifyChecksums(path)
        try PackageFormat.write(model, to: Scratch.path("output"), verifies: true)
      }
    }
  }

  /// Puts the right checksums into a package: of the model (field 3 of field 4's bytes), and of each chunk (field 15: its
  /// first field of all that follows).
  private static func repair(_ bytes: inout [UInt8]) {
    var place = 0
    var checksumPlace: Int?
    func varint() -> Int? {
      var value = 0
      for shift in stride(from: 0, to: 56, by: 7) {
        guard place < bytes.count else { return nil }
        let byte = bytes[place]
        place += 1
        value |= Int(byte & 0x7F) << shift
        if byte < 0x80 { return value }
      }
      return nil
    }
    func put(_ range: Range<Int>, at place: Int) {
      let checksum = bytes[range].withUnsafeBytes {
        crc32_z(0, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count)
      }
      for index in 0..<4 { bytes[place + index] = UInt8(truncatingIfNeeded: checksum >> (8 * UInt(index))) }
    }
    while let tag = varint() {
      switch tag & 7 {
      case 0: guard varint() != nil else { return }
      case 1: place += 8
      case 5:
        if tag >> 3 == 3, place + 4 <= bytes.count { checksumPlace = place }
        place += 4
      case 2:
        guard let count = varint(), count <= bytes.count - place else { return }
        let range = place..<place + count
        if tag >> 3 == 4, let checksumPlace { put(range, at: checksumPlace) }
        if tag >> 3 == 15, count >= 5 { put(range.lowerBound + 5..<range.upperBound, at: range.lowerBound + 1) }
        place += count
      default: return
      }
    }
  }
}
