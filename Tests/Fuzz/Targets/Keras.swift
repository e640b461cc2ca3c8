import HDF5Format
import KerasFormat
import ZooCore
import TensorFiles

extension FuzzTarget {
  /// HDF5 and Keras' archives.
  static let keras = FuzzTarget(
    name: "keras",
    seeds: {
      let file = TensorFile(tensors: try sampleTensors(types: HDF5Format.holds))
      return [try Scratch.written { try HDF5Format.write(file, to: $0) }]
    }
  ) { bytes in
    _ = KerasFormat.sniff(bytes)
    try Scratch.withFile(bytes) { path in
      do { try readElements(KerasFormat.read(path).tensors) } catch is ZooError {}
      try readElements(KerasFormat.readModel(path).graph.initializers)
    }
  }
}
