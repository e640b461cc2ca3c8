/// The types of layers of the older form, which are an enumeration (caffe.proto, V1LayerParameter.LayerType): its number and
/// the name that the type has in the newer form, by the enumeration's name.
enum LayerTypes {
  private static let older: [String: (number: UInt64, name: String)] = [
    "NONE": (0, ""), "ACCURACY": (1, "Accuracy"), "BNLL": (2, "BNLL"), "CONCAT": (3, "Concat"),
    "CONVOLUTION": (4, "Convolution"), "DATA": (5, "Data"), "DROPOUT": (6, "Dropout"),
    "EUCLIDEAN_LOSS": (7, "EuclideanLoss"), "FLATTEN": (8, "Flatten"), "HDF5_DATA": (9, "HDF5Data"),
    "HDF5_OUTPUT": (10, "HDF5Output"), "IM2COL": (11, "Im2col"), "IMAGE_DATA": (12, "ImageData"),
    "INFOGAIN_LOSS": (13, "InfogainLoss"), "INNER_PRODUCT": (14, "InnerProduct"), "LRN": (15, "LRN"),
    "MULTINOMIAL_LOGISTIC_LOSS": (16, "MultinomialLogisticLoss"), "POOLING": (17, "Pooling"), "RELU": (18, "ReLU"),
    "SIGMOID": (19, "Sigmoid"), "SOFTMAX": (20, "Softmax"), "SOFTMAX_LOSS": (21, "SoftmaxWithLoss"),
    "SPLIT": (22, "Split"), "TANH": (23, "TanH"), "WINDOW_DATA": (24, "WindowData"), "ELTWISE": (25, "Eltwise"),
    "POWER": (26, "Power"), "SIGMOID_CROSS_ENTROPY_LOSS": (27, "SigmoidCrossEntropyLoss"),
    "HINGE_LOSS": (28, "HingeLoss"), "MEMORY_DATA": (29, "MemoryData"), "ARGMAX": (30, "ArgMax"),
    "THRESHOLD": (31, "Threshold"), "DUMMY_DATA": (32, "DummyData"), "SLICE": (33, "Slice"), "MVN": (34, "MVN"),
    "ABSVAL": (35, "AbsVal"), "SILENCE": (36, "Silence"), "CONTRASTIVE_LOSS": (37, "ContrastiveLoss"),
    "EXP": (38, "Exp"), "DECONVOLUTION": (39, "Deconvolution"),
  ]

  private static let byNumber = Dictionary(uniqueKeysWithValues: older.values.map { ($0.number, $0.name) })

  /// The newer name of a type that a prototxt of the older form names; the name itself where there is none.
  static func newer(_ name: String) -> String {
    if let number = UInt64(name) { return newer(number) ?? name }
    return older[name]?.name ?? name
  }

  /// The newer name of a type's number in a binary file of the older form.
  static func newer(_ number: UInt64) -> String? { byNumber[number] }

  /// Layers that only training needs, whose first input is what the network answers.
  static let losses: Set<String> = [
    "EuclideanLoss", "HingeLoss", "InfogainLoss", "MultinomialLogisticLoss", "ContrastiveLoss",
    "SigmoidCrossEntropyLoss",
  ]

  /// Layers that give nothing a network's user asks for.
  static let dropped: Set<String> = ["Accuracy", "Silence", "HDF5Output"]

  /// Layers that read the network's input from somewhere.
  static let data: Set<String> = [
    "Data", "ImageData", "WindowData", "HDF5Data", "MemoryData", "DummyData", "Input", "AnnotatedData",
  ]
}
