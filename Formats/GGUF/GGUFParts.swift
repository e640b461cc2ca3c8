import Files
import ZooCore
import TensorFiles

/// A model in several files, as llama.cpp's gguf-split and the gguf package write it: NAME-00001-of-00003.gguf has the
/// metadata, and each file says which part it is (`split.no`, from 0), of how many (`split.count`), and how many tensors
/// all of them have (`split.tensors.count`).
struct GGUFParts {
  static let numberKey = "split.no"
  static let countKey = "split.count"
  static let tensorsKey = "split.tensors.count"
  private static let keys: Set = [numberKey, countKey, tensorsKey]

  private let first: TensorFile
  private let path: String
  private let count: Int
  /// What the parts' paths begin with.
  private let stem: String

  /// `nil` where `file`, read from `path`, is a model of its own, or another part than the first: one that is asked for
  /// by its name is read alone.
  ///
  /// - Throws: `ZooError` (`badData`) where the other parts' names can't be told.
  init?(_ file: TensorFile, at path: String) throws {
    guard let count = try Self.number(Self.countKey, file), count > 1, try Self.number(Self.numberKey, file) == 0 else {
      return nil
    }
    let ending = Self.ending(0, of: count)
    guard path.hasSuffix(ending) else {
      throw ZooError(
        .badData, "the file is the first part of \(count), but its name does not tell those of the others",
        advice: "give it back the name that ends with \(ending), and put the other parts beside it")
    }
    (first, self.path, self.count, stem) = (file, path, count, String(path.dropLast(ending.count)))
  }

  /// All parts' tensors, and the metadata of a model in one file.
  ///
  /// - Throws: `ZooError`: `notFound` for a part that is missing, `badData` for one that belongs to another model, and
  ///   what reading them throws.
  func read() throws -> TensorFile {
    var all = first
    var names = Set(first.tensors.map { Array($0.name.utf8) })
    for part in 1..<count {
      let place = stem + Self.ending(part, of: count)
      let file: TensorFile
      do {
        file = try GGUFReader.read(place).file
      } catch let error as ZooError where error.kind == .notFound {
        throw ZooError(
          .notFound, "part \(part + 1) of \(count) can't be opened: \(place)",
          advice: "put all parts of the model into one folder, under the names that they had")
      } catch let error as ZooError {
        throw error.located("part \(part + 1), \(place)")
      }
      let (number, parts) = (try Self.number(Self.numberKey, file), try Self.number(Self.countKey, file))
      guard number == part, parts == count else {
        throw ZooError(.badData, "the file says that it is another part", at: place)
      }
      for item in file.tensors where !names.insert(Array(item.name.utf8)).inserted {
        throw ZooError(.badData, "the tensor is in two parts", at: "\(place): tensor \"\(item.name)\"")
      }
      all.tensors += file.tensors
      for property in file.metadata where !all.metadata.contains(where: { $0.key == property.key }) {
        all.metadata.append(property)
      }
    }
    if let wanted = try Self.number(Self.tensorsKey, first), wanted != all.tensors.count {
      throw ZooError(
        .badData, "the parts hold \(all.tensors.count) tensors, and the first says that there are \(wanted)",
        advice: "the parts are not of one model; get all of them again")
    }
    all.metadata.removeAll { Self.keys.contains($0.key) }
    return all
  }

  private static func ending(_ part: Int, of count: Int) -> String {
    func digits(_ number: Int) -> String { String(repeating: "0", count: max(0, 5 - "\(number)".count)) + "\(number)" }
    return "-\(digits(part + 1))-of-\(digits(count)).gguf"
  }

  private static func number(_ key: String, _ file: TensorFile) throws -> Int? {
    guard let property = file.metadata.first(where: { $0.key == key }) else { return nil }
    guard let number = GGUFValue.whole(property.value), number >= 0 else {
      throw ZooError(.badData, "\(property.value) is no number of parts or tensors", at: "value \"\(key)\"")
    }
    return number
  }
}
