import PackageFormat
#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension ModelCatalog {
  /// Puts the model in the .zoo or .onnx file at `source` among the user's own, as a package.
  ///
  /// The package is written beside its place, read again and checked, and then gets its name: whatever happens, a model
  /// of that name is either the old or the new one, whole.
  ///
  /// - Parameters:
  ///   - source: The file's path.
  ///   - name: What it will go by; `nil` for the file's own name.
  ///   - replaces: Whether it may take the place of one of the same name.
  /// - Throws: `ZooError`: `usage` for a name that can't be or is taken, and what reading and writing throw.
  public func add(_ source: String, as name: String? = nil, replaces: Bool = false) throws(ZooError) -> Entry {
    do {
      guard let folder = ownFolders.first else {
        throw ZooError(
          .usage, "there is no folder for your models", advice: "set XDG_DATA_HOME or HOME, or name one in ZOO_PATH")
      }
      let file = source.split(separator: "/").last.map(String.init) ?? source
      let name = try checked(name ?? Self.modelName(of: file) ?? file)
      let model = try ModelDefinition(contentsOf: source)
      let path = "\(folder)/\(name).\(ModelFormat.package.rawValue)"
      let present = Self.files(of: name, in: folder)
      guard replaces || present.isEmpty else {
        throw ZooError(
          .usage, "there is a model of that name already: \(present[0])", at: name,
          advice: "choose another name, or have it replaced")
      }
      do {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      } catch {
        throw ZooError(.notFound, "the folder can't be made", at: folder, advice: "choose another one in ZOO_PATH")
      }
      try PackageFormat.write(model, to: path, verifies: true)
      // One in the other format would have the same name.
      for other in present where other != path { try remove(file: other) }
      return Entry(name: name, path: path, isShipped: false)
    } catch { throw ZooError(error) }
  }

  /// Removes the model `name` from the user's own.
  ///
  /// - Throws: `ZooError`: `usage` for a model that comes with the software, `notFound` for one that is not there.
  public func remove(_ name: String) throws(ZooError) -> [String] {
    do {
      let name = try checked(name)
      for folder in ownFolders {
        let files = Self.files(of: name, in: folder)
        guard !files.isEmpty else { continue }
        for file in files { try remove(file: file) }
        return files
      }
      if entries.contains(where: { $0.name == name }) {
        throw ZooError(.usage, "the model comes with zoo, so that it stays", at: name)
      }
      let near = nearest(to: name, among: entries.filter { !$0.isShipped }.map(\.name))
      throw ZooError(
        .notFound, "you have no model of that name", at: name,
        advice: near.isEmpty
          ? "zoo list shows the models that there are" : "did you mean \(near.joined(separator: " or "))?")
    } catch { throw ZooError(error) }
  }

  private static func files(of name: String, in folder: String) -> [String] {
    ModelFormat.written.map { "\(folder)/\(name).\($0.rawValue)" }.filter {
      FileManager.default.fileExists(atPath: $0)
    }
  }

  private func remove(file: String) throws {
    do {
      try FileManager.default.removeItem(atPath: file)
    } catch {
      throw ZooError(
        .notFound, "the file can't be removed", at: file, advice: "see whether the folder is yours to write")
    }
  }

  private func checked(_ name: String) throws -> String {
    guard !name.isEmpty, !name.hasPrefix("."), !name.hasPrefix("-"), name.utf8.count <= 200,
      name.unicodeScalars.allSatisfy({ $0 != "/" && !$0.properties.isWhitespace && $0.value >= 32 })
    else {
      throw ZooError(
        .usage, "\"\(name)\" can't be a model's name", advice: "use letters, digits and dashes: --name my-model")
    }
    return name
  }
}
