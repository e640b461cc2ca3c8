import ZooCore

extension ModelMetadata {
  /// Says that the network in `folder` tells photographs of `classes` classes apart.
  ///
  /// - Parameter usual: How photographs are prepared where the folder does not say.
  /// - Throws: as `PretrainedFolder.imagePreprocessing` does.
  package mutating func classifiesPictures(
    _ folder: PretrainedFolder, classes: Int, or usual: ImagePreprocessing
  ) throws {
    task = .imageClassification
    labels = folder.labels(classes)
    image = try folder.imagePreprocessing(or: usual)
  }
}
