import Files
import JSON
import NumPyFormat
import Zip
import ZooCore

extension FuzzTarget {
  static let json = FuzzTarget(
    name: "json",
    seeds: {
      [#"{"a":[1,-2.5e3,true,false,null,"é\n\u00e9\ud83d\ude00"],"b":{}}"#, "[[[[]]]]", "0"].map { Array($0.utf8) }
    }
  ) { _ = try JSON($0) }

  static let zip = FuzzTarget(name: "zip") { bytes in
    try Scratch.withFile(bytes) { path in
      let archive = try MappedFile.reading(path) { try ZipArchive($0) }
      for entry in archive.entries {
        do { _ = try archive.contents(entry, checksum: false) } catch is ZooError {}
      }
    }
  }

  static let numpy = FuzzTarget(name: "npy") { bytes in
    _ = NumPyFormat.sniff(bytes)
    try Scratch.withFile(bytes) { path in
      do { try readElements(NumPyFormat.read(path).tensors) } catch is ZooError {}
      _ = try NumPyFile.read(path)
    }
  }

  static let numpyArchive = FuzzTarget(name: "npz") { bytes in
    try Scratch.withFile(bytes) { try readElements(NumPyFormat.read($0, checksums: false).tensors) }
  }
}
