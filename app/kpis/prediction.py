"""What predictions add up to."""

from sqlmodel import col

from app.kpis.dimension import Dimension
from app.kpis.measure import Cube, Measure, money
from app.models.prediction import Prediction

predictions = Cube(
    "prediction",
    "PREDICTION",
    Prediction,
    Prediction.day,
    {
        Dimension.ACQUISITION_CHANNEL: Prediction.acquisition_channel_id,
        Dimension.SEGMENT: Prediction.segment,
        Dimension.CUSTOMER_KIND: Prediction.customer_kind,
        Dimension.REGION: Prediction.region,
    },
    col(Prediction.is_test).is_(False),
)

predicted_value = money(
    "predicted_value", predictions, col(Prediction.is_buyer).is_(True), col(Prediction.predicted_value)
)
predicted_customers = Measure("predicted_customers", predictions, col(Prediction.is_buyer).is_(True))
