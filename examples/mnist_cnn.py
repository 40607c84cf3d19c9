"""Train a small CNN on the digits that the package carries: the loop that ``tinygrad-edu demo`` dresses up.

python examples/mnist_cnn.py [epochs]
"""

import sys

import tinygrad_edu as tg
from tinygrad_edu import nn, optim
from tinygrad_edu.data import MNIST, DataLoader

tg.manual_seed(0)
model = nn.Sequential(
    nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(32 * 5 * 5, 10),
)  # fmt: skip
optimizer = optim.Adam(model.parameters(), lr=2e-3)
criterion = nn.CrossEntropyLoss()
train, test = DataLoader(MNIST(train=True), batch_size=64, shuffle=True), DataLoader(MNIST(train=False), batch_size=500)

for epoch in range(int(sys.argv[1]) if len(sys.argv) > 1 else 2):
    model.train()
    for images, labels in train:
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
    model.eval()
    with tg.no_grad():
        right = sum(int((model(images).argmax(1) == labels).sum()) for images, labels in test)
    print(f"epoch {epoch + 1}: {right / len(test.dataset):.2%} of the test digits right")
