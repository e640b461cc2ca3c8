import AlexNet
import EncoderDecoder
import GraphBuilder
import RCNN
import ResNet

/// Every family of networks that the zoo can build from a user's weights.
package let architectures: [any Architecture.Type] = [AlexNet.self, EncoderDecoder.self, RCNN.self, ResNet.self]
