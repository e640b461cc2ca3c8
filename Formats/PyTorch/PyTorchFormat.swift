import Files
import Zip
import ZooCore
import TensorFiles

/// PyTorch's checkpoints, as `torch.save` writes them: `.pt`, `.pth`, `.th`, `.bin`.
///
/// Both forms are read: the zip archive (PyTorch 1.6 and later) and the older sequence of pickles with the storages
/// behind them; of a TorchScript program, the tensors of its modules. A pickle is a program for Python's unpickler; here
/// it is only ever read as data. The few globals that checkpoints need are a closed table (`PickleGlobal`), none of them
/// runs code, and what is made of any other one is inert.
package enum PyTorchFormat {
  /// Whether PyTorch has elements of `type`.
  package static func holds(_ type: ElementType) -> Bool { StateDictionaryWriter.holds(type) }

  /// Whether `beginning`, the first bytes of a file (256 are enough), looks like a checkpoint.
  package static func sniff(_ beginning: UnsafeRawBufferPointer) -> Bool {
    ZipCheckpoint.sniff(beginning) || LegacyCheckpoint.sniff(beginning)
  }

  /// Reads the checkpoint at `path`, or all those that the index at `path` (`pytorch_model.bin.index.json`) lists. Tensors stay in the mapped file until they are loaded.
  ///
  /// - Parameter checksums: Whether to compare the archive's checksums, which reads the whole file once. The older
  ///   form has none, and an archive may have been written without.
  /// - Throws: `ZooError`: `notFound` for a missing file, `badData` for a damaged or hostile one, `unsupported` for
  ///   tensors that have no counterpart here (sparse, quantized, big-endian).
  package static func read(_ path: String, checksums: Bool = true) throws -> Checkpoint {
    try MappedFile.reading(path) { file in
      try ZooError.locating(path) {
        guard ShardIndex.sniff(file.bytes) else { return try checkpoint(file, checksums: checksums) }
        let all = try ShardIndex(file.bytes).read(besides: path) { shard in
          try MappedFile.reading(shard) {
            let part = try checkpoint($0, checksums: checksums)
            return TensorFile(tensors: part.tensors, unread: part.unread)
          }
        }
        return Checkpoint(tensors: all.tensors, values: [:], path: "", unread: all.unread)
      }
    }
  }

  private static func checkpoint(_ file: MappedFile, checksums: Bool) throws -> Checkpoint {
    let contents: CheckpointContents
    if ZipArchive.sniff(file.bytes) {
      contents = try ZipCheckpoint.read(file, checksums: checksums)
    } else if LegacyCheckpoint.sniff(file.bytes) {
      contents = try LegacyCheckpoint.read(file)
    } else {
      throw ZooError(
        .badData,
        "this is no PyTorch checkpoint: it begins neither like a zip archive nor with PyTorch's magic number",
        advice: "save the weights with torch.save(model.state_dict(), path)")
    }
    return try Checkpoint(contents, fileSize: file.bytes.count)
  }

  /// Writes `file` to `path` as a state dictionary in the form of PyTorch 1.6 and later, which
  /// `torch.load(path, weights_only=True)` reads. Tensors keep their order, and one at a time is in memory; each begins at a
  /// multiple of 64 bytes. The metadata has no place in it.
  ///
  /// - Throws: `ZooError`: `usage` for names that are taken, `unsupported` for types that PyTorch lacks, `notFound` where
  ///   the folder can't be written; what the tensors throw when they are loaded.
  package static func write(_ file: TensorFile, to path: String) throws {
    try ZooError.locating(path) { try StateDictionaryWriter(file).write(to: path) }
  }
}

/// What both forms of a checkpoint come down to.
struct CheckpointContents {
  let pickle: Pickle
  /// By the key that the pickle's storages have.
  let storages: [String: TensorMemory]
  /// Whether it is a TorchScript program (`torch.jit.save`): the pickle's root is a module.
  let isProgram: Bool
}
